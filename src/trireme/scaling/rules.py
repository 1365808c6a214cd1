"""The rules that are compared: the one that ships, read from its manifest, what the field does, and a search beside it."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

import yaml

from trireme.scaling.hpa import Direction, Policy, Rule
from trireme.scaling.simulate import BUSY, NAIVE, PENDING, WAITING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MANIFEST = "k8s/components/hpa/hpa.yaml"
SHIPPED, NAIVELY, MEAN = "shipped", "naive", "fixed"
SHARES = (None, 0.8, 0.7, 0.6)
"""How busy a replica may be, for a search; None scales on the queue alone."""
WAITS = (0.5, 1.0, 2.0)
"""Requests waiting a replica that a search tries."""
SLOWLY = (120, 300, 600)
"""Seconds of stabilization on the way down."""
DEFAULT = Direction(0, (Policy("Percent", 100, 15), Policy("Pods", 4, 15)))
"""Kubernetes' own way up; its way down has no policy but 300 s."""


def shipped(root: Path) -> Rule:
    """Return the rule of the manifest that ships."""
    table = yaml.safe_load((root / MANIFEST).read_text(encoding="utf-8"))
    return Rule.from_manifest(SHIPPED, table["spec"])


def naive(rule: Rule) -> Rule:
    """Return what charts in the field do: the raw counter of queue time [s], a fixed target, Kubernetes' own speed."""
    return Rule(NAIVELY, {NAIVE: 0.05}, rule.least, rule.most, DEFAULT, Direction(300, (Policy("Percent", 100, 15),)))


def fixed(rule: Rule, number: int) -> Rule:
    """Return no scaling at all: as many replicas as the peak needs, always."""
    return Rule(f"{MEAN} {number}", {WAITING: 1e12}, number, max(number, rule.most), rule.up, rule.down)


def around(rule: Rule) -> Iterator[Rule]:
    """Yield rules with other targets and other ways down than the one that ships, for a search."""
    for busy, waiting, slowly in itertools.product(SHARES, WAITS, SLOWLY):
        targets = {WAITING: waiting, PENDING: 8 * waiting} | ({BUSY: busy} if busy else {})
        name = f"{f'busy {busy:.0%}' if busy else 'queue alone'}, waiting {waiting:g}, down {slowly} s"
        yield replace(rule, name=name, targets=targets, down=replace(rule.down, stabilization=slowly))
