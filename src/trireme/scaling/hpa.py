"""The horizontal pod autoscaler's algorithm, as the controller runs it every 15 seconds.

https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details, and for the behaviours
https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/podautoscaler/horizontal.go
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

SYNC = 15
"""Seconds between two looks (--horizontal-pod-autoscaler-sync-period)."""
TOLERANCE = 0.1
"""A ratio so near to 1 is no reason (--horizontal-pod-autoscaler-tolerance)."""
FOREVER = 1 << 30


@dataclass(frozen=True)
class Policy:
    """At most so many pods, or so many percent, in a period [s]."""

    kind: str
    value: int
    period: int


@dataclass(frozen=True)
class Direction:
    """How fast it goes one way; stabilization is in seconds."""

    stabilization: int
    policies: tuple[Policy, ...]
    select: str = "Max"


@dataclass(frozen=True)
class Rule:
    """A scaler: what a pod may have of each metric, how many pods there may be, and how fast that changes."""

    name: str
    targets: Mapping[str, float]
    least: int
    most: int
    up: Direction
    down: Direction

    @classmethod
    def from_manifest(cls, name: str, spec: Mapping[str, Any]) -> Rule:
        """Read the spec of a HorizontalPodAutoscaler (autoscaling/v2) by its external averages; resources stand in for them."""
        external = [row["external"] for row in spec["metrics"] if row["type"] == "External"]
        targets = {row["metric"]["name"]: _quantity(row["target"]["averageValue"]) for row in external}
        behaviour = spec["behavior"]
        up, down = _direction(behaviour["scaleUp"]), _direction(behaviour["scaleDown"])
        return cls(name, targets, int(spec["minReplicas"]), int(spec["maxReplicas"]), up, down)


@dataclass
class Scaler:
    """One autoscaler over time."""

    rule: Rule
    replicas: int
    _wanted: deque[tuple[int, int]] = field(default_factory=deque)
    _changes: deque[tuple[int, int]] = field(default_factory=deque)

    def look(self, now: int, totals: Mapping[str, float | None]) -> int:
        """Return how many replicas there are to be, by what each metric totals over all pods; None is one that is away."""
        proposals = [self._proposed(totals.get(name), target) for name, target in self.rule.targets.items()]
        known = [number for number in proposals if number is not None]
        # one that is away blocks a way down: the controller takes the others only to go up
        if not known or (len(known) < len(proposals) and max(known) <= self.replicas):
            return self.replicas
        raw = min(max(*known, self.rule.least), self.rule.most)
        wanted = self._limited(now, self._stabilised(now, raw))
        if wanted != self.replicas:
            self._changes.append((now, wanted - self.replicas))
            self.replicas = wanted
        return self.replicas

    def _proposed(self, total: float | None, target: float) -> int | None:
        if total is None:
            return None
        ratio = total / (target * self.replicas)
        return self.replicas if abs(ratio - 1) <= TOLERANCE else math.ceil(total / target)

    def _stabilised(self, now: int, raw: int) -> int:
        """Return the lowest recent wish on the way up, the highest on the way down."""
        self._wanted.append((now, raw))
        windows = (self.rule.up.stabilization, self.rule.down.stabilization)
        while self._wanted and now - self._wanted[0][0] > max(windows):
            self._wanted.popleft()
        lowest = min(value for at, value in self._wanted if now - at < windows[0] or at == now)
        highest = max(value for at, value in self._wanted if now - at < windows[1] or at == now)
        return min(max(self.replicas, lowest), highest) if self.replicas <= highest else highest

    def _limited(self, now: int, wanted: int) -> int:
        if wanted == self.replicas:
            return wanted
        going_up = wanted > self.replicas
        direction = self.rule.up if going_up else self.rule.down
        if direction.select == "Disabled":
            return self.replicas
        bounds = [self._bound(now, policy, 1 if going_up else -1) for policy in direction.policies]
        if not bounds:
            return wanted
        widest = (direction.select == "Max") == going_up
        bound = max(bounds) if widest else min(bounds)
        return min(wanted, max(bound, self.replicas)) if going_up else max(wanted, min(bound, self.replicas))

    def _bound(self, now: int, policy: Policy, sign: int) -> int:
        """Return where a policy lets the number go, from where it was a period ago."""
        changed = sum(change for at, change in self._changes if now - at < policy.period)
        start = self.replicas - changed
        if policy.kind == "Pods":
            return start + sign * policy.value
        exact = start * (1 + sign * policy.value / 100)
        return math.ceil(exact) if sign > 0 else math.floor(exact)


def _direction(table: Mapping[str, Any]) -> Direction:
    policies: Iterable[Mapping[str, Any]] = table.get("policies", ())
    rows = tuple(Policy(row["type"], int(row["value"]), int(row["periodSeconds"])) for row in policies)
    return Direction(int(table.get("stabilizationWindowSeconds", 0)), rows, table.get("selectPolicy", "Max"))


def _quantity(text: str) -> float:
    """Return a quantity such as 1400m or 8."""
    return float(text[:-1]) / 1000 if text.endswith("m") else float(text)
