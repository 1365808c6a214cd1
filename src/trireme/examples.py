"""examples.json: request/response pairs of one model, one item each: used by tests, `trireme call` and at boot.

There is no batch dimension. A value is JSON of the tensor's dims, or {"file": "x"}: an .npy array, else the bytes of the
file. Outputs may be left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from trireme import kinds, modelconfig
from trireme.arrays import read_value, to_array
from trireme.errors import MissingSourceError, UnknownKeyError, UnreadableError, ValueRefusedError

if TYPE_CHECKING:
    from pathlib import Path

    from tritonclient.grpc.model_config_pb2 import ModelConfig

    from trireme.arrays import Array
    from trireme.tensors import Tensor

KEYS = ("inputs", "outputs", "tolerance")
RELATIVE = 1e-4
"""Of itself, that every float may be away."""


@dataclass(frozen=True)
class Example:
    """One request with the answer that is expected: arrays without a batch dimension, floats within the tolerance.

    The tolerance is how far a float may be away, beside a ten thousandth of itself; a table states it by output.
    """

    inputs: Mapping[str, Array]
    outputs: Mapping[str, Array]
    tolerance: float | Mapping[str, float]

    def allowed(self, output: str) -> float:
        """Return how far a float of this output may be away."""
        return self.tolerance.get(output, RELATIVE) if isinstance(self.tolerance, Mapping) else self.tolerance

    def mismatch(self, found: Mapping[str, Array]) -> str | None:
        """Return the first output that is not as expected, as a sentence, or None."""
        for name, expected in self.outputs.items():
            given = found.get(name)
            if given is None or given.shape != expected.shape:
                return f"{name}: expected shape {expected.shape}, got {None if given is None else given.shape}"
            if expected.dtype == np.object_ or not np.issubdtype(expected.dtype, np.floating):
                same = bool(np.array_equal(given, expected))
            else:
                same = bool(np.allclose(given, expected, rtol=RELATIVE, atol=self.allowed(name)))
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
    return Example(inputs, outputs, _tolerance(row.get("tolerance", RELATIVE), outputs, f"{place}.tolerance"))


def _tolerance(value: object, outputs: Mapping[str, Array], place: str) -> float | dict[str, float]:
    if isinstance(value, dict):
        for name in value:
            if name not in outputs:
                raise UnknownKeyError(place, name, outputs)
        return {name: _distance(row, f"{place}.{name}") for name, row in value.items()}
    return _distance(value, place)


def _distance(value: object, place: str) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value < float("inf"):
        raise ValueRefusedError(place, value, "it is a number from 0, or a table of them by output")
    return value


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
