"""What an overlay takes from its surroundings: secrets, maps and claims that no manifest makes, and values nobody has set."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trireme.cluster.objects import strings
from trireme.discover import read_toml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from trireme.cluster.objects import Objects

FILE = "k8s/given.toml"
UNSET = re.compile(r"([a-z-]+)\.set-me\.invalid")
"""A value that an overlay has to set; .invalid can be no host (RFC 2606)."""
DIGEST = re.compile(r".+@sha256:[0-9a-f]{64}")
VOLUMES = (
    ("secret", "secretName", "Secret"),
    ("configMap", "name", "ConfigMap"),
    ("persistentVolumeClaim", "claimName", "PersistentVolumeClaim"),
)
VARIABLES = (
    ("secretKeyRef", "Secret"),
    ("configMapKeyRef", "ConfigMap"),
    ("secretRef", "Secret"),
    ("configMapRef", "ConfigMap"),
)


@dataclass(frozen=True)
class Given:
    """One thing that the surroundings give: its kind and name, who needs it, and how to make it."""

    kind: str
    name: str
    needed_by: str
    optional: bool = False


def needed(objects: Objects) -> Iterator[Given]:
    """Yield what pods, their accounts and their monitors name and no object is."""
    for workload in objects.workloads():
        for kind, name, optional in _named(workload.pod):
            if objects.find(kind, name) is None:
                yield Given(kind, name, workload.place, optional)
    for account in objects.of("ServiceAccount"):
        for row in account.table.get("secrets", ()):
            if objects.find("Secret", row["name"]) is None:
                yield Given("Secret", row["name"], account.place, optional=True)
    for monitor in objects.of("PodMonitor"):
        for endpoint in monitor.spec.get("podMetricsEndpoints", ()):
            name = endpoint.get("authorization", {}).get("credentials", {}).get("name", "")
            if name and objects.find("Secret", name) is None:
                yield Given("Secret", name, monitor.place)


def problems(root: Path, objects: Objects) -> Iterator[str]:
    """Yield what pods and monitors need, and neither a manifest makes nor k8s/given.toml explains."""
    table = read_toml(root / FILE)
    for one in needed(objects):
        if one.name not in table.get(one.kind, {}):
            yield f"{one.needed_by}: there is no {one.kind}/{one.name}; add it, or say in {FILE} how to make it"


def lines(root: Path, objects: Objects) -> Iterator[str]:
    """Yield what has to be there before the overlay: who makes something of its objects, then how to make the rest."""
    table = read_toml(root / FILE)
    for kind in dict.fromkeys(one.kind for one in objects.every):
        if kind in table["kinds"]:
            yield f"{kind}: {table['kinds'][kind]}"
    asked = {
        name for one in objects.workloads() for row in one.containers for name in row.get("resources", {}).get("limits", {})
    }
    for prefix, how in table["resources"].items():
        if any(name.startswith(prefix) for name in asked):
            yield f"{prefix}*: {how}"
    for key in dict.fromkeys((one.kind, one.name, one.optional) for one in needed(objects)):
        kind, name, optional = key
        how = table.get(kind, {}).get(name, "")
        yield f"{kind}/{name}{' (optional)' if optional else ''}: {how}"


def unset(objects: Objects) -> Iterator[str]:
    """Yield each value that the overlay has to set, by its name and where it stands."""
    for one in objects.every:
        for path, text in strings(dict(one.table)):
            for name in UNSET.findall(text):
                yield f"{name} is not set: {one.place} {path} says {text!r}; set it"


def unpinned(objects: Objects) -> Iterator[str]:
    """Yield each image that is not pinned by its digest."""
    for workload in objects.workloads():
        for container in workload.containers:
            if not DIGEST.fullmatch(container["image"]):
                yield f"{workload.place}: {container['name']} runs {container['image']}, which has no digest"


def _named(pod: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """Yield (kind, name, optional) of all that a pod's volumes and variables name."""
    for volume in pod.get("volumes", ()):
        for key, field, kind in VOLUMES:
            if key in volume:
                yield kind, volume[key][field], bool(volume[key].get("optional"))
    for container in (*pod.get("initContainers", ()), *pod.get("containers", ())):
        sources = [row.get("valueFrom", {}) for row in container.get("env", ())] + list(container.get("envFrom", ()))
        for source in sources:
            for key, kind in VARIABLES:
                if key in source:
                    yield kind, source[key]["name"], bool(source[key].get("optional"))
