"""Kubernetes objects as kustomize renders them, and the pods that they make."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job")
RUNTIMES = ("ClusterServingRuntime", "ServingRuntime")
"""KServe's: their spec is that of a pod, and InferenceServices make pods of it."""


@dataclass(frozen=True)
class Object:
    """One object: its kind and name are its place in what is said of it."""

    table: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """Return its kind."""
        return str(self.table.get("kind", ""))

    @property
    def name(self) -> str:
        """Return its name."""
        return str(self.table.get("metadata", {}).get("name", ""))

    @property
    def spec(self) -> Mapping[str, Any]:
        """Return its spec, empty where it has none."""
        found: Mapping[str, Any] = self.table.get("spec") or {}
        return found

    @property
    def place(self) -> str:
        """Return how it is called."""
        return f"{self.kind}/{self.name}"

    @property
    def replicas(self) -> int:
        """Return how many pods it begins with."""
        return int(self.spec.get("replicas", 1))

    @cached_property
    def pod(self) -> Mapping[str, Any]:
        """Return the spec of its pods, empty where it makes none."""
        if self.kind in RUNTIMES:
            return self.spec
        found: Mapping[str, Any] = self.spec.get("template", {}).get("spec", {}) if self.kind in WORKLOADS else {}
        return found

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """Return the labels of its pods."""
        found: Mapping[str, str] = self.spec.get("template", {}).get("metadata", {}).get("labels", {}) if self.pod else {}
        return found

    @cached_property
    def containers(self) -> tuple[Mapping[str, Any], ...]:
        """Return its pods' containers, those that run first included."""
        return (*self.pod.get("initContainers", ()), *self.pod.get("containers", ()))

    @cached_property
    def ports(self) -> Mapping[str, int]:
        """Return the ports of its pods by name; each number is there as a name, too."""
        found = {}
        for container in self.containers:
            for port in container.get("ports", ()):
                found[str(port["containerPort"])] = int(port["containerPort"])
                if "name" in port:
                    found[port["name"]] = int(port["containerPort"])
        return found


@dataclass(frozen=True)
class Objects:
    """All objects of one overlay."""

    every: tuple[Object, ...]

    @classmethod
    def parse(cls, text: str) -> Objects:
        """Read a stream of YAML documents."""
        return cls(tuple(Object(table) for table in yaml.safe_load_all(text) if table))

    def text(self) -> str:
        """Return them as one stream of YAML documents."""
        return str(yaml.safe_dump_all([dict(one.table) for one in self.every], sort_keys=False))

    def of(self, *kinds: str) -> Iterator[Object]:
        """Yield those of some kinds."""
        return (one for one in self.every if one.kind in kinds)

    def find(self, kind: str, name: str) -> Object | None:
        """Return one by its name."""
        return next((one for one in self.of(kind) if one.name == name), None)

    def workloads(self) -> Iterator[Object]:
        """Yield what makes pods."""
        return self.of(*WORKLOADS, *RUNTIMES)

    def selected(self, labels: Mapping[str, str]) -> list[Object]:
        """Return the workloads whose pods have these labels; all, for none."""
        return [one for one in self.workloads() if labels.items() <= one.labels.items()]


def strings(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text inside a value with its path; an item of a list goes by its name where it has one."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from strings(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            named = item.get("name", number) if isinstance(item, dict) else number
            yield from strings(item, f"{path}[{named}]")
    elif isinstance(value, str):
        yield path, value
