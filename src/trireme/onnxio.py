"""What an ONNX file says of its inputs and outputs, found by skipping over its weights.

The onnx package reads a whole file, weights and all, and takes a third of a second to import. This walks the file's protobuf
wire format (https://protobuf.dev/programming-guides/encoding/) through a memory map and looks only at the fields it wants.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trireme.tensors import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    Buffer = mmap.mmap | bytes

# Field numbers of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
IR_VERSION, GRAPH = 1, 7
OVERRIDABLE_SINCE = 4
"""The IR version from which an initializer among the inputs is a default; before, all were among them, and none was."""
INITIALIZER, INPUT, OUTPUT, INITIALIZER_NAME, EXTERNAL_DATA, DATA_LOCATION = 5, 11, 12, 8, 13, 14
EXTERNAL = 1
VALUE_NAME, VALUE_TYPE, TENSOR_TYPE, ELEMENT_TYPE, SHAPE, DIM, DIM_VALUE = 1, 2, 1, 1, 2, 1, 1
DATA_TYPES = {
    1: "TYPE_FP32", 2: "TYPE_UINT8", 3: "TYPE_INT8", 4: "TYPE_UINT16", 5: "TYPE_INT16", 6: "TYPE_INT32", 7: "TYPE_INT64",
    8: "TYPE_STRING", 9: "TYPE_BOOL", 10: "TYPE_FP16", 11: "TYPE_FP64", 12: "TYPE_UINT32", 13: "TYPE_UINT64", 16: "TYPE_BF16",
}  # fmt: skip
"""onnx.TensorProto.DataType by number (https://onnx.ai/onnx/api/classes.html#tensorproto)."""
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True)
class Graph:
    """Inputs and outputs with whole shapes, batch included (a symbolic size is -1), and the files its weights lie in.

    shapeless are the names of tensors without a shape; problem says why the file is no ONNX model.
    """

    inputs: tuple[Tensor, ...] = ()
    outputs: tuple[Tensor, ...] = ()
    defaults: tuple[Tensor, ...] = ()
    """Initializers that are inputs too, so that a request may replace them."""
    shapeless: frozenset[str] = frozenset()
    external: tuple[str, ...] = ()
    problem: str = ""


class _CutShortError(ValueError):
    """The file ends, or goes wrong, in the middle of a field."""


def read(path: Path) -> Graph:
    """Return the graph of a file; what is wrong with it stands in `problem`."""
    try:
        if path.exists() and not path.is_file():
            return Graph(problem="it is no file")
        if not path.stat().st_size:
            return Graph(problem="it is empty")
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _graph(data)
    except OSError as error:
        return Graph(problem=error.strerror or str(error))
    except (_CutShortError, UnicodeDecodeError) as error:
        return Graph(problem=str(error))


def read_beside(folder: Path) -> Graph:
    """Return the graph of the folder's model.onnx, which a build can describe; an empty one when there is none."""
    graph = read(folder / "model.onnx") if (folder / "model.onnx").is_file() else Graph()
    strange = [tensor for tensor in (*graph.inputs, *graph.outputs) if tensor.data_type not in DATA_TYPES.values()]
    return replace(graph, problem=f"Triton has no type for {strange[0]}") if strange else graph


def _graph(data: Buffer) -> Graph:
    found, ir_version = [], 0
    for number, start, end, value in _fields(data, 0, len(data)):
        if number == GRAPH and start < end:
            found.append((start, end))
        ir_version = value if number == IR_VERSION else ir_version
    if not found:
        return Graph(problem="it holds no graph")
    inputs: list[Tensor] = []
    outputs: list[Tensor] = []
    weights: set[str] = set()
    external: dict[str, None] = {}
    shapeless: set[str] = set()
    for number, start, end, _ in _fields(data, *found[-1]):
        if number in {INPUT, OUTPUT}:
            tensor, shaped = _value(data, start, end)
            (inputs if number == INPUT else outputs).append(tensor)
            if not shaped:
                shapeless.add(tensor.name)
        elif number == INITIALIZER:
            name, files = _initializer(data, start, end)
            weights.add(name)
            external.update(dict.fromkeys(files))
    own = tuple(tensor for tensor in inputs if tensor.name not in weights)
    defaults = tuple(tensor for tensor in inputs if tensor.name in weights) if ir_version >= OVERRIDABLE_SINCE else ()
    return Graph(own, tuple(outputs), defaults, frozenset(shapeless), tuple(external))


def _initializer(data: Buffer, start: int, end: int) -> tuple[str, list[str]]:
    """Return an initializer's name and the files it refers to; the weights themselves are stepped over."""
    name, files, location = "", [], 0
    for number, first, last, value in _fields(data, start, end):
        if number == INITIALIZER_NAME:
            name = bytes(data[first:last]).decode()
        elif number == DATA_LOCATION:
            location = value
        elif number == EXTERNAL_DATA:
            entry = {key: bytes(data[one:two]).decode() for key, one, two, _ in _fields(data, first, last)}
            if entry.get(1) == "location":
                files.append(entry.get(2, ""))
    return name, files if location == EXTERNAL else []


def _value(data: Buffer, start: int, end: int) -> tuple[Tensor, bool]:
    """Return a ValueInfoProto as a tensor, and whether it states a shape."""
    name, element, dims, shaped = "", 0, [], False
    for number, first, last, _ in _fields(data, start, end):
        if number == VALUE_NAME:
            name = bytes(data[first:last]).decode()
        elif number == VALUE_TYPE:
            for kind, one, two, _ in _fields(data, first, last):
                if kind != TENSOR_TYPE:
                    continue
                for part, three, four, value in _fields(data, one, two):
                    if part == ELEMENT_TYPE:
                        element = value
                    elif part == SHAPE:
                        shaped = True
                        dims += [_dim(data, five, six) for which, five, six, _ in _fields(data, three, four) if which == DIM]
    return Tensor(name, DATA_TYPES.get(element, f"ONNX type {element}"), tuple(dims)), shaped


def _dim(data: Buffer, start: int, end: int) -> int:
    sizes = [value for number, _, _, value in _fields(data, start, end) if number == DIM_VALUE]
    return sizes[-1] if sizes and sizes[-1] > 0 else -1


def _fields(data: Buffer, position: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield (number, start, end, value) of each field: the bytes of a text or message, or the value of a varint."""
    while position < end:
        tag, position = _varint(data, position, end)
        number, wire = tag >> 3, tag & 7
        value, size = 0, 0
        if wire == VARINT:
            value, after = _varint(data, position, end)
            size = after - position
        elif wire == BYTES:
            size, position = _varint(data, position, end)
        elif wire in {FIXED64, FIXED32}:
            size = 8 if wire == FIXED64 else 4
        if not number or wire not in {VARINT, FIXED64, BYTES, FIXED32} or position + size > end:
            message = f"it is cut short or no ONNX model (byte {position} of {len(data)})"
            raise _CutShortError(message)
        yield number, position, position + size, value
        position += size


def _varint(data: Buffer, position: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while position < end and shift < 70:  # noqa: PLR2004 - ten groups of seven bits hold any 64-bit number
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:  # noqa: PLR2004 - the last group has no continuation bit
            return value - (1 << 64) if value >= 1 << 63 else value, position
    message = f"it is cut short or no ONNX model (byte {position} of {len(data)})"
    raise _CutShortError(message)
