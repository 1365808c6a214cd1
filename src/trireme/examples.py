"""examples.json: request/response pairs of one model, one item each: used by tests, `trireme call` and at boot.

There is no batch dimension. A value is JSON of the tensor's dims, or {"file": "x"}: an .npy array, else the bytes of the
file. Outputs may be left out.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from trireme import kinds, modelconfig
from trireme.arrays import read_value, to_array
from trireme.errors import MissingSourceError, UnknownKeyError, UnreadableError, ValueRefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tritonclient.grpc.model_config_pb2 import ModelConfig

    from trireme.arrays import Array
    from trireme.tensors import Tensor

KEYS = ("inputs", "outputs", "tolerance")
DEFAULT_TOLERANCE = 1e-4


@dataclass(frozen=True)
class Example:
    """One request with the answer that is expected: arrays without a batch dimension, floats within the tolerance."""

    inputs: Mapping[str, Array]
    outputs: Mapping[str, Array]
    tolerance: float

    def mismatch(self, found: Mapping[str, Array]) -> str | None:
        """Return the first output that is not as expected, as a sentence, or None."""
        for name, expected in self.outputs.items():
            given = found.get(name)
            if given is None or given.shape != expected.shape:
                return f"{name}: expected shape {expected.shape}, got {None if given is None else given.shape}"
            if expected.dtype == np.object_ or not np.issubdtype(expected.dtype, np.floating):
                same = bool(np.array_equal(given, expected))
            else:
                same = bool(np.allclose(given, expected, rtol=self.tolerance, atol=self.tolerance))
            if not same:
                return f"{name}: expected {expected.tolist()}, got {given.tolist()}"
        return None


def read_examples(folder: Path, config: ModelConfig) -> tuple[Example, ...]:
    """Return the examples beside a model's sources, as arrays of the config's types.

    Raises:
        SourceError: the file is missing, a name is not the model's, or a value does not fit its tensor.

    """
    place = "/".join((*folder.parts[-2:], "examples.json"))
    path = folder / "examples.json"
    if not path.is_file():
        raise MissingSourceError(place, "the file", 'write [{"inputs": {...}, "outputs": {...}}]; tests and boot use it')
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise UnreadableError(place, str(error), "mend the JSON") from None
    if not kinds.items(rows, place):
        raise ValueRefusedError(place, rows, "it is a list of one example or more")
    return tuple(_example(row, config, folder, f"{place}[{number}]") for number, row in enumerate(rows))


def _example(row: dict[str, Any], config: ModelConfig, folder: Path, place: str) -> Example:
    for key in kinds.table(row, place):
        if key not in KEYS:
            raise UnknownKeyError(place, key, KEYS)
    inputs = _arrays(row.get("inputs", {}), modelconfig.inputs(config), folder, f"{place}.inputs")
    outputs = _arrays(row.get("outputs", {}), modelconfig.outputs(config), folder, f"{place}.outputs")
    for tensor in modelconfig.inputs(config):
        if tensor.name not in inputs and not tensor.optional:
            raise MissingSourceError(f"{place}.inputs", tensor.name, f"the model takes {tensor}")
    tolerance = row.get("tolerance", DEFAULT_TOLERANCE)
    if type(tolerance) not in (int, float):
        raise ValueRefusedError(f"{place}.tolerance", tolerance, "it is a number")
    return Example(inputs, outputs, tolerance)


def _arrays(values: Mapping[str, object], tensors: tuple[Tensor, ...], folder: Path, place: str) -> dict[str, Array]:
    by_name = {tensor.name: tensor for tensor in tensors}
    found = {}
    for name, value in kinds.table(values, place).items():
        if name not in by_name:
            raise UnknownKeyError(place, name, by_name)
        tensor = by_name[name]
        array = to_array(_value(value, folder, f"{place}.{name}"), tensor, f"{place}.{name}")
        if not tensor.accepts(array.shape):
            raise ValueRefusedError(f"{place}.{name}", f"shape {array.shape}", f"the model takes {tensor}")
        found[name] = array
    return found


def _value(value: object, folder: Path, place: str) -> object:
    try:
        return read_value(value, folder)
    except FileNotFoundError as error:
        name = str(error.filename).rpartition("/")[2]
        raise MissingSourceError(place, f"the file {name}", "write it beside examples.json") from None
    except (ValueError, EOFError) as error:
        raise ValueRefusedError(place, value, str(error)) from None
