"""Walks over a config that several rules share: its tensors, controls, queue policies, and the steps of an ensemble."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trireme.lint.repository import Model

DATA_TYPE_BYTES = {
    "TYPE_BOOL": 1, "TYPE_UINT8": 1, "TYPE_UINT16": 2, "TYPE_UINT32": 4, "TYPE_UINT64": 8, "TYPE_INT8": 1, "TYPE_INT16": 2,
    "TYPE_INT32": 4, "TYPE_INT64": 8, "TYPE_FP16": 2, "TYPE_FP32": 4, "TYPE_FP64": 8, "TYPE_BF16": 2,
}  # fmt: skip
"""Bytes of one element; TYPE_STRING has no size of its own (Triton's model_config.cc, GetDataTypeByteSize)."""

SHELL = frozenset(" \t\n()&;$'\"|<>`\\")
"""What a path to a Python model may not hold: the Python backend starts its process by a shell, with the path unquoted.

https://github.com/triton-inference-server/python_backend/blob/main/src/stub_launcher.cc
"""


class Stated(NamedTuple):
    """A tensor as the config states it, and where."""

    at: str
    side: str
    tensor: Any


def tensors(model: Model) -> Iterator[Stated]:
    """Yield every input, then every output."""
    for side in ("input", "output"):
        for number, tensor in enumerate(getattr(model.config, side)):
            yield Stated(f"{side}[{number}]", side, tensor)


def enum_name(message: Any, field: str = "data_type") -> str:  # noqa: ANN401 - any message with such a field
    """Return the name of an enumeration's value in a message; a number without a name stays a number."""
    number = getattr(message, field)
    names = message.DESCRIPTOR.fields_by_name[field].enum_type.values_by_number
    return str(names[number].name) if number in names else str(number)


def queue_policies(model: Model) -> Iterator[tuple[str, Any]]:
    """Yield (path, policy) of the default queue policy and of each priority's."""
    batching = model.config.dynamic_batching
    if batching.HasField("default_queue_policy"):
        yield "dynamic_batching.default_queue_policy", batching.default_queue_policy
    for level in batching.priority_queue_policy:
        yield f"dynamic_batching.priority_queue_policy['{level}']", batching.priority_queue_policy[level]


def elements(dims: Sequence[int]) -> int:
    """Return how many elements dims hold, -1 when one of them varies."""
    count = 1
    for dim in dims:
        if dim == -1:
            return -1
        count *= dim
    return count


def shape(dims: Sequence[int]) -> str:
    """Write dims as people do: [3,-1]."""
    return f"[{','.join(map(str, dims))}]"


def same_shape(one: Sequence[int], other: Sequence[int]) -> bool:
    """Say whether two shapes agree, -1 with any size."""
    return len(one) == len(other) and all(-1 in pair or pair[0] == pair[1] for pair in zip(one, other, strict=True))


def names(tensors_of_a_side: Sequence[Any]) -> list[str]:
    """Return the names of tensors."""
    return [tensor.name for tensor in tensors_of_a_side]


def steps(model: Model) -> Iterator[tuple[str, Any, Model | None]]:
    """Yield (path, step, the model it names or None) for each step of an ensemble."""
    for number, step in enumerate(model.config.ensemble_scheduling.step):
        yield f"ensemble_scheduling.step[{number}]", step, model.repository.models.get(step.model_name)


def is_known(member: Model | None) -> bool:
    """Say whether a step's model states all its tensors: it is there, it parses, and no backend adds to it."""
    return member is not None and not member.broken and not member.completes


def preferred_sizes(model: Model) -> Iterator[tuple[str, Sequence[int]]]:
    """Yield (path, sizes) of the dynamic batcher and of the sequence batcher's oldest strategy."""
    config = model.config
    yield "dynamic_batching.preferred_batch_size", config.dynamic_batching.preferred_batch_size
    yield "sequence_batching.oldest.preferred_batch_size", config.sequence_batching.oldest.preferred_batch_size


def buckets(model: Model) -> tuple[int, ...]:
    """Return the lengths to which a model's sizes of -1 are padded, `parameters.buckets`; none when that is no rising list."""
    stated = model.config.parameters["buckets"].string_value if "buckets" in model.config.parameters else ""
    if not re.fullmatch(r"[1-9][0-9]{0,8}(, *[1-9][0-9]{0,8})*", stated):
        return ()
    found = tuple(map(int, stated.split(",")))
    return found if list(found) == sorted(set(found)) else ()


def warmups(model: Model) -> Iterator[tuple[int, Any]]:
    """Yield (number, sample) of each warm-up that runs; Triton skips a batch of 0, and ensembles have none."""
    for number, sample in enumerate(model.config.model_warmup):
        if sample.batch_size and not model.is_ensemble:
            yield number, sample


def controls(model: Model) -> list[str]:
    """Return the names of the tensors that the sequence batcher adds."""
    batching = model.config.sequence_batching
    return [control.name for control in batching.control_input] + [state.input_name for state in batching.state]


def is_control(model: Model, name: str) -> bool:
    """Say whether a tensor is the sequence batcher's own."""
    return name in controls(model) or name in [state.output_name for state in model.config.sequence_batching.state]
