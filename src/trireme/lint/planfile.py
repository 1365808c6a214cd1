"""What a TensorRT plan holds: from TensorRT itself where it is installed, else from the record beside the plan.

The record is `<plan>.json`: `sha256` of the plan, `tensors`, a table of `side`, `data_type` and `shape` by name, and
`profiles`, one table a profile, of `min`, `opt` and `max` shapes by input; shapes have the batch included. `runtime` says what
built it. `trireme engines` writes it (trireme.engines.record).
"""

from __future__ import annotations

import importlib
import importlib.util
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from trireme import digest
from trireme.lint import files

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


DATA_TYPES = {
    "FLOAT": "TYPE_FP32", "HALF": "TYPE_FP16", "BF16": "TYPE_BF16", "INT8": "TYPE_INT8", "INT32": "TYPE_INT32",
    "INT64": "TYPE_INT64", "UINT8": "TYPE_UINT8", "BOOL": "TYPE_BOOL",
}  # fmt: skip
"""Triton's names of TensorRT's types; the others have none.

https://github.com/triton-inference-server/tensorrt_backend/blob/main/src/tensorrt_utils.cc (ConvertTrtTypeToConfigDataType)
"""


@dataclass(frozen=True)
class Profile:
    """The least and the most shape of each input, the batch included."""

    ranges: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]]

    def covers(self, shapes: Mapping[str, Sequence[int]]) -> bool:
        """Say whether all shapes lie in the ranges; an input that is not stated has none of its own."""
        return all(_between(shape, *self.ranges[name]) for name, shape in shapes.items() if name in self.ranges)


class Tensor(NamedTuple):
    """An input or output of a plan: its shape has the batch included, -1 for a size that varies."""

    side: str
    data_type: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Plan:
    """A plan's profiles and tensors, by name; problem says why the record cannot be believed."""

    profiles: tuple[Profile, ...] = ()
    tensors: Mapping[str, Tensor] = field(default_factory=dict)
    problem: str = ""
    runtime: str = ""
    """What built it, "tensorrt" or "tensorrt-rtx"; empty where nobody says."""


def read(path: Path) -> Plan:
    """Return what is known of a plan; an empty one when there is neither TensorRT nor a record."""
    record = path.with_name(path.name + ".json")
    if importlib.util.find_spec("tensorrt") is not None:
        found = _from_tensorrt(path)
        if found is not None:
            return found
    if not files.is_file(record):
        return Plan()
    try:
        table = json.loads(record.read_text(encoding="utf-8"))
        profiles = tuple(
            Profile({name: (tuple(map(int, sizes["min"])), tuple(map(int, sizes["max"]))) for name, sizes in profile.items()})
            for profile in table.get("profiles", [])
        )
        tensors = {
            name: Tensor(str(row["side"]), str(row["data_type"]), tuple(map(int, row["shape"])))
            for name, row in table.get("tensors", {}).items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        return Plan(problem=f"it cannot be read ({type(error).__name__}: {error})")
    known = table.get("sha256")
    if known and files.is_file(path) and known != digest.of_file(path):
        return Plan(problem="it is of another plan (sha256 differs)")
    return Plan(profiles, tensors, runtime=str(table.get("runtime", "")))


def _from_tensorrt(path: Path) -> Plan | None:
    """Return what a plan holds by TensorRT's own runtime; None when it cannot read it here (another release, no GPU)."""
    try:
        trt: Any = importlib.import_module("tensorrt")
        engine = trt.Runtime(trt.Logger(trt.Logger.INTERNAL_ERROR)).deserialize_cuda_engine(path.read_bytes())
    except (ImportError, OSError, TypeError, RuntimeError):  # its libraries, its driver or the file are not what it needs
        return None
    if engine is None:
        return None
    names = [engine.get_tensor_name(number) for number in range(engine.num_io_tensors)]
    inputs = [name for name in names if engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT]
    tensors = {
        name: Tensor(
            "input" if name in inputs else "output",
            DATA_TYPES.get(engine.get_tensor_dtype(name).name, ""),
            tuple(engine.get_tensor_shape(name)),
        )
        for name in names
    }
    profiles = []
    for number in range(engine.num_optimization_profiles):
        shapes = {name: engine.get_tensor_profile_shape(name, number) for name in inputs}
        profiles.append(Profile({name: (tuple(least), tuple(most)) for name, (least, _, most) in shapes.items()}))
    return Plan(tuple(profiles), tensors)


def _between(shape: Sequence[int], least: Sequence[int], most: Sequence[int]) -> bool:
    same_rank = len(shape) == len(least) == len(most)
    return same_rank and all(low <= size <= high for low, size, high in zip(least, shape, most, strict=True))
