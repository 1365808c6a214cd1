"""The holes of the chart's templates: what has to be given, and numbers and names that differ from team to team."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from trireme.cluster.folding import Lines
    from trireme.cluster.objects import Object

REGISTRY = "registry.set-me.invalid"
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
    "namespace: trireme": "namespace: '{{ .Release.Namespace }}'",
    "triton.trireme.svc": "triton.{{ .Release.Namespace }}.svc",
    "triton-mesh.trireme.svc": "triton-mesh.{{ .Release.Namespace }}.svc",
    'namespace="trireme"': 'namespace="{{ .Release.Namespace }}"',
    "HOLE_MODELS_TAG": "{{ .Values.image.modelsTag }}",
    "HOLE_TAG": "{{ .Values.image.tag }}",
    "HOLE_WORK": (
        '{{ trunc 8 (sha256sum (printf "%s %s %s %s %s" .Values.image.tag .Values.gpu.name .Values.delivery.modelsUrl '
        ".Values.delivery.modelsName .Values.engines.plansUrl)) }}"
    ),
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


def opened(template: Iterable[str]) -> list[str]:
    """Return the lines of a template with those that a mark stands for."""
    return [part for line in template for part in (REPLICAS if "HOLE_REPLICAS" in line else (line,))]


def lines(one: Object, tags: Mapping[str, str]) -> Lines:
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
    if one.kind == "Job":  # which cannot be changed: other work has another name, and the same is not done again
        table["metadata"]["name"] += "-HOLE_WORK"
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


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]
    """Writes texts of several lines as blocks, in which a template's conditions can stand."""


def _text(dumper: _Dumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)
