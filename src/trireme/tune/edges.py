"""The lengths that a model pads to, as another choice of a tuning: many pad less, few join more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme import built

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tritonclient.grpc.model_config_pb2 import ModelConfig

    Lengths = tuple[tuple[str, str], ...]
    """Models with the lengths that each pads to, as their parameter has them: numbers in order, with commas."""

PARAMETER = "buckets"
STEP, SHARE = 4, 8
"""Nearly exact lengths are so many tokens apart, or so small a part of themselves, whichever is more."""
FEW = 6
"""Lengths that are told one by one."""


def others(tree: Path, models: Iterable[str], variant: str) -> Iterator[Lengths]:
    """Yield what else each of the built models could pad to: nearly exact lengths, and what it pads to without the variant."""
    for model in models:
        config = built.config(tree, model, variant)
        if PARAMETER in config.parameters:
            now = config.parameters[PARAMETER].string_value
            stated = built.config(tree, model).parameters[PARAMETER].string_value
            nearly = ",".join(map(str, exact(int(now.rpartition(",")[2]))))
            yield from (((model, edges),) for edges in dict.fromkeys((nearly, stated)) if edges != now)


def exact(longest: int) -> list[int]:
    """Return nearly exact lengths up to the longest."""
    found = [STEP]
    while found[-1] < longest:
        found.append(found[-1] + max(STEP, found[-1] // SHARE // STEP * STEP))
    return [*(length for length in found if length < longest), longest]


def padded(config: ModelConfig, lengths: Lengths) -> ModelConfig:
    """Return a model's config with its lengths, where there are some."""
    for model, edges in lengths:
        if model == config.name:
            config.parameters[PARAMETER].string_value = edges
    return config


def told(lengths: Lengths) -> str:
    """Return lengths for people."""
    return "; ".join(f"{model} pads to {_few(edges.split(','))}" for model, edges in lengths)


def _few(edges: list[str]) -> str:
    if len(edges) <= FEW:
        return ", ".join(edges)
    return f"{', '.join(edges[:3])} ... {edges[-1]} ({len(edges)} lengths)"
