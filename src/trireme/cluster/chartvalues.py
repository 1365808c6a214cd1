"""What the chart can be told: the axes along which components are chosen, values.yaml, its schema, and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from trireme.cluster import gpus
from trireme.cluster.folding import OFF, ON, Axis

if TYPE_CHECKING:
    from collections.abc import Mapping

    Setting = tuple[tuple[str, str], ...]
    """(axis, choice) of all axes that do not have their first choice."""

BESIDE: tuple[Setting, ...] = (
    (("scaler", "hpa"), ("rollout", "canary")),
    (("scaler", "keda"), ("rollout", "canary")),
    (("rollout", "canary"), ("shadow.enabled", ON)),
)
"""Choices whose last changes what only the one before it has."""
NEEDS = {
    "components/gateway-routed": "components/gateway",
    "components/gateway-active": "components/gateway",
    "components/nginx-round-robin": "components/nginx",
    "components/nginx-hash": "components/nginx",
}
"""Components that change another, which may not be there."""
REFUSED = {
    'and (eq .Values.rollout "canary") (eq .Values.scaler "none")': (
        "rollout is canary and scaler is none, so nothing says how many pods there are: set scaler to hpa or keda"
    ),
    'and (eq .Values.rollout "blue-green") (ne .Values.scaler "none")': (
        "rollout is blue-green, which states its replicas, and a scaler would fight it: set scaler to none"
    ),
    'and .Values.shadow.enabled (not (eq .Values.rollout "canary" "manual"))': (
        "shadow copies the requests of a route: set rollout to canary or manual"
    ),
    'and .Values.engines.enabled (eq .Values.gpu.name "none" "any")': (
        "engines are built on the kind of GPU that serves them: set gpu.name to it"
    ),
    "and .Values.monitoring.enabled (not .Values.gateway.enabled)": (
        "monitoring watches the gateway, too: set gateway.enabled, or leave monitoring out"
    ),
    'and (ne .Values.gpu.resource "nvidia.com/gpu") (eq .Values.gpu.name "none")': (
        "gpu.resource is a part of a GPU: set gpu.name to its kind, or to any"
    ),
    "and .Values.vllmMonitoring.enabled (not .Values.vllm.enabled)": "vllmMonitoring watches vllm: set vllm.enabled",
}
"""Conditions under which the chart fails, and what it says."""


def axes() -> dict[str, dict[str, tuple[str, ...]]]:
    """Return the components under k8s/ of each choice of each axis, in the order of an overlay.

    The first choice of an axis is what templates are written from; which one a chart has unasked, `values` says.
    """
    kinds = {name: ("components/gpu", f"generated/gpus/{name}") for name in gpus.known()}
    return {
        "delivery.road": {road: (f"components/delivery-{road}",) for road in ("object-store", "pvc", "image")},
        "engines.enabled": _switch("engines"),  # before GPUs: they place its Job
        "gpu.name": {"none": (), "any": ("components/gpu",), **kinds},
        "networkPolicy.enabled": _switch("network-policy"),
        "gateway.enabled": _switch("gateway"),
        "nginx.enabled": _switch("nginx"),
        "nginx.balance": _balance("nginx"),
        "istio.enabled": _switch("istio"),
        "istio.balance": _balance("istio"),
        "scaler": {"none": (), "hpa": ("components/hpa",), "keda": ("components/keda",)},
        "monitoring.enabled": _switch("monitoring"),
        "vllm.enabled": _switch("vllm"),
        "vllmMonitoring.enabled": _switch("vllm-monitoring"),
        "rollout": {
            "none": (),
            "canary": ("components/rollout-canary", "components/gateway-routed"),
            "blue-green": ("components/rollout-blue-green", "components/gateway-active"),
            "manual": ("components/gateway-api", "components/gateway-routed"),
        },
        "shadow.enabled": {OFF: (), ON: ("components/shadow",)},
        "kserve.enabled": _switch("kserve"),
    }


def axis(name: str) -> Axis:
    """Return the axis of a value."""
    return Axis(name, tuple(axes()[name]))


def components(setting: Setting) -> list[str]:
    """Return the components of a setting, in the order of an overlay."""
    chosen = dict(setting)
    found = [one for name, choices in axes().items() for one in choices[chosen.get(name, next(iter(choices)))]]
    return [one for one in found if NEEDS.get(one, one) in found]


def settings() -> list[Setting]:
    """Return all that has to be rendered to know what each choice changes."""
    single = [((name, choice),) for name, choices in axes().items() for choice in list(choices)[1:]]
    return [(), *single, *BESIDE]


def values(tags: Mapping[str, str]) -> str:
    """Return values.yaml; the tags are those of our images."""
    known = ", ".join(gpus.known())
    return f"""\
image:
  registry: ""              # required: where trireme-triton and trireme-tools were pushed; -models and -engines, where used
  tag: "{tags["trireme-triton"]}"
  modelsTag: "{tags["trireme-models"]}"
delivery:
  road: object-store        # object-store, pvc (a Job fills a volume) or image (trireme-models)
  modelsUrl: ""             # where `trireme publish` wrote; required for object-store, pvc, engines and kserve
  modelsName: "1"           # for pvc: its folder on the volume, another with each modelsUrl
replicas: 2                 # with scaler none
variant: ""                 # Triton's --model-config-name; empty is that of the GPU, or cpu-2
gpu:
  name: none                # none, any, or {known}
  resource: nvidia.com/gpu  # or a part of one: nvidia.com/mig-1g.10gb, nvidia.com/gpu.shared
scaler: none                # hpa (prometheus-adapter) or keda
rollout: none               # canary or blue-green (Argo Rollouts), or manual: weights of the Gateway API, moved by hand
shadow: {{enabled: false}}    # a tenth of a route's requests is copied to the canary
networkPolicy: {{enabled: true}}
gateway: {{enabled: true, replicas: 2}}
nginx: {{enabled: false, balance: least-loaded}}      # or round-robin, hash (by x-affinity)
istio: {{enabled: false, balance: least-loaded}}
monitoring: {{enabled: false}}
vllm:
  enabled: false
  volume: ""                # the PersistentVolume that holds llm/ and adapters/; required then
vllmMonitoring: {{enabled: false}}
engines:
  enabled: false            # a Job that builds TensorRT plans on the GPU of gpu.name
  plansUrl: ""              # where it publishes; required then
kserve: {{enabled: false}}    # a runtime of its own, and credit_risk with a canary and scale to zero
"""


def schema() -> str:
    """Return values.schema.json, by which helm refuses a value that is none of the choices, and a name that is no value."""
    tag = {"type": "string", "pattern": "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$"}
    url = {"type": "string", "pattern": "^([a-z0-9]+://\\S+)?$"}
    tree: dict[str, Any] = {
        "image.registry": {"type": "string", "pattern": "^([A-Za-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)*)?$"},
        "image.tag": tag,
        "image.modelsTag": tag,
        "delivery.modelsName": {"type": "string", "pattern": "^[A-Za-z0-9._-]+$"},
        "delivery.modelsUrl": url,
        "engines.plansUrl": url,
        "vllm.volume": {"type": "string", "pattern": "^[a-z0-9.-]*$"},
        "variant": {"type": "string", "pattern": "^[A-Za-z0-9._-]*$"},
        "gpu.resource": {"type": "string", "pattern": "^nvidia\\.com/[A-Za-z0-9._-]+$"},
        "replicas": {"type": "integer", "minimum": 1},
        "gateway.replicas": {"type": "integer", "minimum": 1},
    }
    for name, choices in axes().items():
        tree[name] = {"type": "boolean"} if ON in choices else {"enum": list(choices)}
    tables: dict[str, Any] = {"": {}}
    for path, rule in sorted(tree.items()):
        first, _, second = path.rpartition(".")
        tables.setdefault(first, {})[second] = rule
    own = tables.pop("") | {name: _table(rules) for name, rules in tables.items()}
    top = _table(dict(sorted(own.items())))
    top["properties"]["global"] = {"type": "object"}  # helm gives it to a chart in a chart
    return json.dumps({"$schema": "http://json-schema.org/draft-07/schema#", **top}, indent=2) + "\n"


def _table(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rule of a table that has these and no others: helm takes one away that is set to null."""
    return {"type": "object", "additionalProperties": False, "required": list(properties), "properties": dict(properties)}


def _switch(component: str) -> dict[str, tuple[str, ...]]:
    return {ON: (f"components/{component}",), OFF: ()}


def _balance(component: str) -> dict[str, tuple[str, ...]]:
    others = {name: (f"components/{component}-{name}",) for name in ("round-robin", "hash")}
    return {"least-loaded": (), **others}
