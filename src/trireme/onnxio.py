"""What an ONNX graph says of its inputs and outputs, read without its weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.tensors import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from onnx import ValueInfoProto

DATA_TYPES = {
    1: "TYPE_FP32", 2: "TYPE_UINT8", 3: "TYPE_INT8", 4: "TYPE_UINT16", 5: "TYPE_INT16", 6: "TYPE_INT32", 7: "TYPE_INT64",
    8: "TYPE_STRING", 9: "TYPE_BOOL", 10: "TYPE_FP16", 11: "TYPE_FP64", 12: "TYPE_UINT32", 13: "TYPE_UINT64", 16: "TYPE_BF16",
}  # fmt: skip
"""onnx.TensorProto.DataType by number (https://onnx.ai/onnx/api/classes.html#tensorproto)."""


def read(path: Path) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Return the graph's inputs and outputs with whole shapes, batch included; a symbolic size is -1."""
    import onnx  # noqa: PLC0415 - half a second that only a fresh artefact pays

    graph = onnx.load(path, load_external_data=False).graph
    weights = {initializer.name for initializer in graph.initializer}
    return _tensors(value for value in graph.input if value.name not in weights), _tensors(graph.output)


def _tensors(values: Iterable[ValueInfoProto]) -> tuple[Tensor, ...]:
    return tuple(_tensor(value) for value in values)


def _tensor(value: ValueInfoProto) -> Tensor:
    kind = value.type.tensor_type
    dims = tuple(dim.dim_value if dim.HasField("dim_value") else -1 for dim in kind.shape.dim)
    return Tensor(value.name, DATA_TYPES[kind.elem_type], dims)
