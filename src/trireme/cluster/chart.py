"""The Helm chart, written from what kustomize renders: the same objects, each part behind a switch, for those who need a chart.

A template is YAML with few holes: the registry and URL that have to be given, tag, variant, replicas and a GPU. A test holds
what helm makes of it against what kustomize makes.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import yaml

from trireme import __version__
from trireme.cluster import kustomize
from trireme.discover import read_toml
from trireme.files import replace

if TYPE_CHECKING:
    from pathlib import Path

    from trireme.cluster.objects import Object, Objects

FOLDER = "k8s/chart"
WORK = ".trireme/chart"
PARTS = {
    "networkPolicy": "network-policy",
    "gateway": "gateway",
    "nginx": "nginx",
    "istio": "istio",
    "hpa": "hpa",
    "keda": "keda",
    "monitoring": "monitoring",
    "vllm": "vllm",
    "vllmMonitoring": "vllm-monitoring",
}
"""Switches of the chart, and the component that each is."""
ALWAYS = ("../../../k8s/components/delivery-object-store",)
LAST = "../../../k8s/generated/images"
REGISTRY, URL = "registry.set-me.invalid", "s3://models-url.set-me.invalid"
HEADER = "# Written by `make k8s` from k8s/{source}: edit that, not this.\n"
HOLES = {
    REGISTRY: '{{ required "image.registry is required, such as registry.example.com/team" .Values.image.registry }}',
    URL: '{{ required "delivery.modelsUrl is required, such as s3://bucket/models/1" .Values.delivery.modelsUrl }}',
    "namespace: trireme": "namespace: {{ .Release.Namespace }}",
    "triton.trireme.svc": "triton.{{ .Release.Namespace }}.svc",
    "triton-mesh.trireme.svc": "triton-mesh.{{ .Release.Namespace }}.svc",
    'namespace="trireme"': 'namespace="{{ .Release.Namespace }}"',
    "HOLE_TAG": "{{ .Values.image.tag }}",
    "HOLE_VARIANT": "{{ .Values.variant }}",
}
LINES = {
    "HOLE_REPLICAS": (
        "{{- if not (or .Values.hpa.enabled .Values.keda.enabled) }}\n  replicas: {{ .Values.replicas }}\n{{- end }}"
    ),
    "HOLE_GPU": "{{- if .Values.gpu.resource }}\n            {{ .Values.gpu.resource }}: '1'\n{{- end }}",
    "HOLE_TOLERATIONS": (
        "{{- if .Values.gpu.resource }}\n      tolerations:\n      - effect: NoSchedule\n        key: nvidia.com/gpu\n"
        "        operator: Exists\n{{- end }}"
    ),
}
"""Lines of a template that stand for a block."""


def texts(root: Path) -> dict[str, str]:
    """Return every file of the chart by its path under k8s/chart/.

    Raises:
        ClusterError: kustomize refuses a part, or is not here.

    """
    release = read_toml(root / "versions.toml")["production"]["release"]
    base = _render(root, "base", ())
    found = {
        "Chart.yaml": _chart(release),
        "values.yaml": _values(release),
        "templates/base.yaml": _template(base.every, "base", release),
    }
    known = {one.place for one in base.every}
    for switch, component in PARTS.items():
        added = [one for one in _render(root, switch, (component,)).every if one.place not in known]
        body = _template(added, f"components/{component}", release)
        found[f"templates/{component}.yaml"] = f"{{{{- if .Values.{switch}.enabled }}}}\n{body}{{{{- end }}}}\n"
    return found


def stale(root: Path) -> dict[str, str]:
    """Return the text of each path that is not as it would be written now."""
    folder = root / FOLDER
    return {
        path: text
        for path, text in texts(root).items()
        if not (folder / path).is_file() or (folder / path).read_text("utf-8") != text
    }


def write(root: Path) -> list[str]:
    """Write what is stale; return those paths."""
    found = stale(root)
    for path, text in found.items():
        (root / FOLDER / path).parent.mkdir(parents=True, exist_ok=True)
        replace(root / FOLDER / path, text)
    return list(found)


def _render(root: Path, name: str, components: tuple[str, ...]) -> Objects:
    """Return the base, delivered from a store, with some components."""
    folder = root / WORK / name
    folder.mkdir(parents=True, exist_ok=True)
    names = [*ALWAYS, *(f"../../../k8s/components/{one}" for one in components), LAST]
    images = [{"name": one, "newName": f"{REGISTRY}/{one}"} for one in ("trireme-triton", "trireme-tools")]
    table = {"namespace": "trireme", "resources": ["../../../k8s/base"], "components": names, "images": images}
    replace(folder / "kustomization.yaml", yaml.safe_dump(table))  # whole at once: another run may render it now
    return kustomize.render(root, folder)


def _template(objects: tuple[Object, ...] | list[Object], source: str, release: str) -> str:
    tables = [_holed(one) for one in objects if one.kind != "Namespace"]
    text = yaml.safe_dump_all(tables, sort_keys=False, width=1000)
    text = text.replace("{{", '{{ "{{" }}').replace(f":{release}", ":HOLE_TAG")
    for hole, template in HOLES.items():
        text = text.replace(hole, template)
    lines = [LINES.get(line.strip().partition(":")[0], line) for line in text.splitlines()]
    return HEADER.format(source=source) + "---\n" + "\n".join(lines) + "\n"


def _holed(one: Object) -> dict[str, Any]:
    """Return an object with marks where its template has holes."""
    table = copy.deepcopy(dict(one.table))
    if one.place != "Deployment/triton":
        return table
    table["spec"].pop("replicas", None)
    table["spec"]["HOLE_REPLICAS"] = ""
    pod = table["spec"]["template"]["spec"]
    pod["HOLE_TOLERATIONS"] = ""
    triton = next(container for container in pod["containers"] if container["name"] == "triton")
    triton["resources"]["limits"]["HOLE_GPU"] = ""
    for row in triton["env"]:
        if row["name"] == "TRIREME_VARIANT":
            row["value"] = "HOLE_VARIANT"
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
    return HEADER.format(source="base") + str(yaml.safe_dump(table, sort_keys=False))


def _values(release: str) -> str:
    switches = "".join(
        f"{name}: {{enabled: {'true' if name in ('networkPolicy', 'gateway') else 'false'}}}\n" for name in PARTS
    )
    return (
        HEADER.format(source="components")
        + f"""image:
  registry: ""              # required: where trireme-triton and trireme-tools were pushed
  tag: "{release}"
delivery:
  modelsUrl: ""             # required: where `trireme publish` wrote
variant: cpu-2              # Triton's --model-config-name; gpu with a GPU
replicas: 2                 # without hpa and keda
gpu:
  resource: ""              # nvidia.com/gpu, nvidia.com/mig-1g.10gb, nvidia.com/gpu.shared
"""
        + switches
    )
