"""Optimisation profiles that follow a model's batch sizes and lengths. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trireme.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tritonclient.grpc.model_config_pb2 import ModelConfig

    from trireme.tensors import Tensor

    Shape = tuple[int, ...]


@dataclass(frozen=True)
class Range:
    """The least, the usual and the most shape of one input; batch included."""

    least: Shape
    usual: Shape
    most: Shape

    def to_json(self) -> dict[str, list[int]]:
        """Return it as the record of a plan has it."""
        return {"min": list(self.least), "opt": list(self.usual), "max": list(self.most)}


Profile = dict[str, Range]


def of(config: ModelConfig, inputs: Sequence[Tensor], lengths: Sequence[int]) -> tuple[Profile, ...]:
    """Return one profile a length, shortest first; one for a graph whose sizes are known but for the batch; none if all are.

    A profile takes every length above the one before and is fastest at its own. Batches go from 1 to max_batch_size, and are
    fastest at the largest preferred size.

    Raises:
        EngineError: the graph leaves sizes open and no lengths are known.

    """
    batched = config.max_batch_size > 0
    open_sizes = {tensor.name: [size for size in tensor.dims[batched:] if size == -1] for tensor in inputs}
    if not batched and not any(open_sizes.values()):
        return ()
    if not any(open_sizes.values()):
        return ({tensor.name: _range(tensor.dims, config, 1, 1) for tensor in inputs},)
    if not lengths:
        named = next(name for name, sizes in open_sizes.items() if sizes)
        problem = f"the graph leaves sizes of input '{named}' open"
        raise EngineError(config.name, problem, 'state lengths = [...] or buckets = "<model>" under [engine]')
    ordered = sorted(lengths)
    firsts = [1, *(length + 1 for length in ordered[:-1])]
    return tuple(
        {tensor.name: _range(tensor.dims, config, first, length) for tensor in inputs}
        for first, length in zip(firsts, ordered, strict=True)
    )


def usual_batch(config: ModelConfig) -> int:
    """Return the batch size that an engine is made fastest for."""
    return int(max(config.dynamic_batching.preferred_batch_size, default=config.max_batch_size))


def recorded(profiles: Sequence[Profile]) -> list[Mapping[str, Mapping[str, list[int]]]]:
    """Return profiles as the record of a plan has them."""
    return [{name: sizes.to_json() for name, sizes in profile.items()} for profile in profiles]


def _range(dims: Shape, config: ModelConfig, first: int, last: int) -> Range:
    batched = config.max_batch_size > 0

    def shape(batch: int, length: int) -> Shape:
        rest = tuple(length if size == -1 else size for size in dims[batched:])
        return (batch, *rest) if batched else rest

    return Range(shape(1, first), shape(usual_batch(config), last), shape(config.max_batch_size, last))
