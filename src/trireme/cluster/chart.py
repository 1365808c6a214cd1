"""The Helm chart, written from what kustomize renders: the same objects, each choice of components under a value.

Kustomize renders what each axis chooses first, and once more for every other choice; `folding` makes one template of what each
object is in all of them. The few holes are what has to be given, and numbers and names that differ from team to team.
"""

from __future__ import annotations

import copy
import os
import re
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import TYPE_CHECKING, Any

import yaml

from trireme import __version__
from trireme.cluster import images, kustomize
from trireme.cluster.chartvalues import REFUSED, axes, axis, components, schema, settings, values
from trireme.cluster.folding import fold, guarded
from trireme.discover import read_toml
from trireme.errors import ClusterError
from trireme.files import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from trireme.cluster.chartvalues import Setting
    from trireme.cluster.folding import Axis, Lines
    from trireme.cluster.objects import Object, Objects

    Views = Mapping[Setting, Lines]
    """What one object is in each setting that has it."""

FOLDER = "k8s/chart"
WORK = ".trireme/chart"
REGISTRY = "registry.set-me.invalid"
HEADER = "# Written by `make k8s` from k8s/components and src/trireme/cluster/: edit those, not this.\n"
GENERATED_NAME = re.compile(r"-[a-z0-9]{10}$")
"""What kustomize ends the name of a generated ConfigMap with."""
HOLES = {
    REGISTRY: '{{ required "image.registry is required, such as registry.example.com/team" .Values.image.registry }}',
    "s3://models-url.set-me.invalid": (
        '{{ required "delivery.modelsUrl is required, such as s3://bucket/models/1" .Values.delivery.modelsUrl }}'
    ),
    "s3://plans-url.set-me.invalid": (
        '{{ required "engines.plansUrl is required, such as s3://bucket/plans/1" .Values.engines.plansUrl }}'
    ),
    "llm-volume.set-me.invalid": (
        '{{ required "vllm.volume is required: the PersistentVolume with llm/ and adapters/" .Values.vllm.volume }}'
    ),
    "namespace: trireme": "namespace: {{ .Release.Namespace }}",
    "triton.trireme.svc": "triton.{{ .Release.Namespace }}.svc",
    "triton-mesh.trireme.svc": "triton-mesh.{{ .Release.Namespace }}.svc",
    'namespace="trireme"': 'namespace="{{ .Release.Namespace }}"',
    "HOLE_MODELS_TAG": "{{ .Values.image.modelsTag }}",
    "HOLE_TAG": "{{ .Values.image.tag }}",
    "HOLE_REVISION": "{{ .Release.Revision }}",
    "HOLE_RESOURCE": "{{ .Values.gpu.resource }}",
    "HOLE_TRITONS": "{{ .Values.replicas }}",
    "HOLE_GATEWAYS": "{{ .Values.gateway.replicas }}",
}
VARIANT = re.compile(r"HOLE_VARIANT_(\S+)")
FOLDER_NAME = re.compile(r"(name: MODELS_NAME\n +value: )'1'")
REPLICAS = (
    '{{- if eq .Values.rollout "canary" "blue-green" }}',
    "  replicas: 0",
    '{{- else if eq .Values.scaler "none" }}',
    "  replicas: {{ .Values.replicas }}",
    "{{- end }}",
)
"""Triton's: a rollout makes its pods by itself, a scaler says how many there are."""


def texts(root: Path) -> dict[str, str]:
    """Return every file of the chart by its path under k8s/chart/.

    Raises:
        ClusterError: kustomize refuses a setting or is not here, or two choices change the same lines.

    """
    tags = images.tags(root)
    found = {
        "Chart.yaml": HEADER + _chart(read_toml(root / "versions.toml")["production"]["release"]),
        "values.yaml": HEADER + values(tags),
        "values.schema.json": schema(),
        "templates/refused.yaml": HEADER + _refused(),
    }
    files: dict[str, list[tuple[str, Lines]]] = {}
    for place, views in _views(root, tags).items():
        guards = list(_guards(views))
        name = re.sub("([A-Z])", r"-\1", guards[0][0].value.partition(".")[0]).lower() if guards else "base"
        condition = " ".join(f"({one.among(chosen)})" for one, chosen in guards)
        condition = guards[0][0].among(guards[0][1]) if len(guards) == 1 else f"and {condition}" if guards else ""
        files.setdefault(name, []).append((condition, ("---", *_template(place, views))))
    return found | {f"templates/{name}.yaml": HEADER + _file(rows) for name, rows in files.items()}


def stale(root: Path) -> dict[str, str]:
    """Return the text of each path that is not as it would be written now; empty for a file that nothing stands behind."""
    folder, wanted = root / FOLDER, texts(root)
    present = {path.relative_to(folder).as_posix() for path in folder.glob("templates/*.yaml")}
    return dict.fromkeys(sorted(present - set(wanted)), "") | {
        path: text
        for path, text in wanted.items()
        if not (folder / path).is_file() or (folder / path).read_text("utf-8") != text
    }


def write(root: Path) -> list[str]:
    """Write what is stale, and remove what nothing stands behind; return those paths."""
    found = stale(root)
    for path, text in found.items():
        (root / FOLDER / path).parent.mkdir(parents=True, exist_ok=True)
        if text:
            replace(root / FOLDER / path, text)
        else:
            (root / FOLDER / path).unlink()
    return list(found)


def overlay(names: Iterable[str]) -> dict[str, Any]:
    """Return the kustomization, in a folder of .trireme/chart/, of the base with components under k8s/."""
    up = "../../../k8s"
    return {
        "namespace": "trireme",
        "resources": [f"{up}/base"],
        "components": [*(f"{up}/{name}" for name in names), f"{up}/generated/images"],
        "images": [{"name": one, "newName": f"{REGISTRY}/{one}"} for one in images.OURS],
    }


def _views(root: Path, tags: Mapping[str, str]) -> dict[str, dict[Setting, Lines]]:
    """Return what each object is in each setting, by its place."""

    def rendered(setting: Setting) -> Objects:
        folder = root / WORK / ("-".join(word.replace(".", "-") for pair in setting for word in pair) or "first")
        folder.mkdir(parents=True, exist_ok=True)
        text = yaml.safe_dump(overlay(components(setting)))
        replace(folder / "kustomization.yaml", text)  # whole at once: another run may render it now
        return kustomize.render(root, folder)

    every = settings()
    found: dict[str, dict[Setting, Lines]] = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for setting, objects in zip(every, pool.map(rendered, every), strict=True):
            for one in objects.every:
                if one.kind != "Namespace":
                    found.setdefault(GENERATED_NAME.sub("", one.place), {})[setting] = _lines(one, tags)
    return found


def _guards(views: Views) -> Iterator[tuple[Axis, list[str]]]:
    """Yield the axes without some of whose choices the object is not there, and the choices that have it."""
    for name, choices in axes().items():
        first = next(iter(choices))
        present = [choice for choice in choices if (() if choice == first else ((name, choice),)) in views]
        if present and len(present) < len(choices):
            yield axis(name), present


def _template(place: str, views: Views) -> list[str]:
    """Return the lines of one object's template.

    Raises:
        ClusterError: what a choice changes depends on another choice.

    """
    base = next(iter(views.values()))
    changed: dict[Axis, dict[str, Lines]] = {}
    for setting, lines in views.items():
        before = views.get(setting[:-1], base)
        if lines == before:
            continue
        name, choice = setting[-1]
        if before != base:
            raise ClusterError(f"{FOLDER}: {place}", f"what {name} changes depends on {setting[0][0]}", "make them one choice")
        changed.setdefault(axis(name), {})[choice] = lines
    return [part for line in fold(place, base, changed) for part in (REPLICAS if "HOLE_REPLICAS" in line else (line,))]


def _file(rows: list[tuple[str, Lines]]) -> str:
    lines: list[str] = []
    for condition, group in groupby(rows, key=lambda row: row[0]):
        inner = [line for _, template in group for line in template]
        lines += guarded(condition, inner) if condition else inner
    return "\n".join(lines) + "\n"


def _refused() -> str:
    return "".join("\n".join(guarded(condition, [f'{{{{ fail "{said}" }}}}'])) + "\n" for condition, said in REFUSED.items())


def _lines(one: Object, tags: Mapping[str, str]) -> Lines:
    """Return the lines of an object, with its holes."""
    text = yaml.dump(_holed(one), Dumper=_Dumper, sort_keys=False, width=1000)
    text = text.replace("{{", '{{ "{{" }}')
    for name, tag in tags.items():
        text = text.replace(f"/{name}:{tag}", f"/{name}:{'HOLE_MODELS_TAG' if name == 'trireme-models' else 'HOLE_TAG'}")
    for mark, hole in HOLES.items():
        text = text.replace(mark, hole)
    text = FOLDER_NAME.sub(r"\1'{{ .Values.delivery.modelsName }}'", text)
    return tuple(VARIANT.sub(r"""'{{ default "\1" .Values.variant }}'""", text).splitlines())


def _holed(one: Object) -> dict[str, Any]:
    """Return an object with marks where its template has holes."""
    table = copy.deepcopy(dict(one.table))
    replicas = {"Rollout/triton": "HOLE_TRITONS", "Deployment/gateway": "HOLE_GATEWAYS"}.get(one.place)
    if replicas and "replicas" in table["spec"]:
        table["spec"]["replicas"] = replicas
    if one.kind == "Job":  # which cannot be changed: every revision has its own
        table["metadata"]["name"] += "-HOLE_REVISION"
    if one.place != "Deployment/triton":
        return table
    table["spec"].pop("replicas", None)
    table["spec"]["HOLE_REPLICAS"] = ""
    triton = next(row for row in table["spec"]["template"]["spec"]["containers"] if row["name"] == "triton")
    limits = triton["resources"]["limits"]
    triton["resources"]["limits"] = {key.replace("nvidia.com/gpu", "HOLE_RESOURCE"): value for key, value in limits.items()}
    for row in triton["env"]:
        if row["name"] == "TRIREME_VARIANT":
            row["value"] = f"HOLE_VARIANT_{row['value']}"
    return table


def _chart(release: str) -> str:
    table = {
        "apiVersion": "v2",
        "name": "trireme",
        "description": "Triton over a signed model repository: the same objects as k8s/overlays, for those who need a chart.",
        "type": "application",
        "version": __version__,
        "appVersion": release,
        "kubeVersion": ">=1.33.0-0",
    }
    return str(yaml.safe_dump(table, sort_keys=False))


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]
    """Writes texts of several lines as blocks, in which a template's conditions can stand."""


def _text(dumper: _Dumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)
