"""Requests and answers of KServe's v2 protocol: JSON, and binary tensors behind it, each checked against the model.

https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
"""

from __future__ import annotations

import math
import re
import struct
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import Response

from trireme.arrays import NUMPY
from trireme.gateway import schema as schemas
from trireme.gateway.bounds import check_pixels
from trireme.gateway.endpoint import to_bytes
from trireme.gateway.problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trireme.arrays import Array
    from trireme.gateway.schema import Schema
    from trireme.tensors import Tensor

LENGTH = "inference-header-content-length"
HEADER_LENGTH = re.compile(r"[0-9]{1,12}")


class TensorParameters(BaseModel):
    """What is said of one tensor."""

    model_config = ConfigDict(extra="forbid", strict=True)
    binary_data_size: Annotated[int, Field(ge=0)] | None = None
    binary_data: bool = False


class InputTensor(BaseModel):
    """One input: its data here, row by row, or behind the JSON."""

    model_config = ConfigDict(extra="forbid", strict=True)
    name: str
    shape: Annotated[list[Annotated[int, Field(ge=0, le=2**31 - 1)]], Field(max_length=64)]
    datatype: str
    parameters: TensorParameters = TensorParameters()
    data: list[Any] | None = None


class OutputTensor(BaseModel):
    """One output that is wanted."""

    model_config = ConfigDict(extra="forbid", strict=True)
    name: str
    parameters: TensorParameters = TensorParameters()


class RequestParameters(BaseModel):
    """What is said of the request."""

    model_config = ConfigDict(extra="forbid", strict=True)
    binary_data_output: bool = False
    timeout: Annotated[int, Field(ge=0, le=2**62)] = 0
    """Microseconds, Triton's own extension; 0 is none."""


class InferenceRequest(BaseModel):
    """A request of the protocol."""

    model_config = ConfigDict(extra="forbid", strict=True)
    id: Annotated[str, Field(max_length=256)] = ""
    parameters: RequestParameters = RequestParameters()
    inputs: list[InputTensor]
    outputs: list[OutputTensor] = []


def read(model: Schema, body: bytes, header_length: str | None) -> tuple[InferenceRequest, dict[str, Array]]:
    """Return a request and its arrays, batch included.

    Raises:
        ProblemError: it is not one, or a tensor is not what the model takes.

    """
    head, binary = _split(body, header_length)
    model.check(head)
    try:
        asked = InferenceRequest.model_validate_json(head)
    except ValidationError as error:
        raise schemas.refused(error) from None
    known = {tensor.name: tensor for tensor in model.served.inputs}
    arrays: dict[str, Array] = {}
    elements = 0
    for number, given in enumerate(asked.inputs):
        place, tensor = f"inputs.{number}", known.get(given.name)
        if tensor is None or given.name in arrays:
            raise _invalid(f"{place}.name", "the model has no such input" if tensor is None else "it is there twice")
        _check(model, tensor, given, place)
        elements += math.prod(given.shape)
        model.check_elements(elements)
        arrays[given.name], binary = _tensor(model, tensor, given, binary, place)
        for data in arrays[given.name].flat if tensor.data_type == "TYPE_STRING" else ():
            check_pixels(data, model.limits.pixels, place)
    if binary:
        raise ProblemError("malformed-request", f"{len(binary)} bytes belong to no tensor")
    _check_whole(model, asked, arrays)
    return asked, arrays


def _split(body: bytes, header_length: str | None) -> tuple[bytes, bytes]:
    """Return the JSON, and the tensors behind it."""
    if header_length is None:
        return body, b""
    if not HEADER_LENGTH.fullmatch(header_length) or int(header_length) > len(body):
        raise ProblemError("malformed-request", f"{LENGTH} is not the length of the JSON in front of the tensors")
    return body[: int(header_length)], body[int(header_length) :]


def _tensor(model: Schema, tensor: Tensor, given: InputTensor, binary: bytes, place: str) -> tuple[Array, bytes]:
    """Return an input's array, and the bytes behind the ones that are its own."""
    size = given.parameters.binary_data_size
    if (size is None) == (given.data is None):
        raise _invalid(place, "it has either data or parameters.binary_data_size")
    if size is None:
        return _from_json(given, tensor, model, place), binary
    return _from_binary(binary[:size], given, tensor, model, place), binary[size:]


def _check_whole(model: Schema, asked: InferenceRequest, arrays: Mapping[str, Array]) -> None:
    """Refuse a request that lacks an input, mixes batches, or asks for outputs that are none."""
    missing = [tensor.name for tensor in model.served.inputs if not tensor.optional and tensor.name not in arrays]
    if missing:
        raise _invalid("inputs", f"'{missing[0]}' is missing")
    if model.served.batched and len({array.shape[0] for array in arrays.values()}) > 1:
        raise _invalid("inputs", "the batch differs between inputs")
    known = {tensor.name for tensor in model.served.outputs}
    for number, output in enumerate(asked.outputs):
        if output.name not in known:
            raise _invalid(f"outputs.{number}.name", "the model has no such output")


def write(model: Schema, asked: InferenceRequest, version: str, outputs: Mapping[str, Array]) -> Response:
    """Return the answer: the outputs that were asked for, as JSON or behind it."""
    binary = {output.name: output.parameters.binary_data for output in asked.outputs}
    wanted = binary or {tensor.name: asked.parameters.binary_data_output for tensor in model.served.outputs}
    types = {tensor.name: tensor.data_type for tensor in model.served.outputs}
    rows, behind = [], b""
    for name in wanted:
        if name not in outputs:
            continue
        array = outputs[name]
        row: dict[str, object] = {"name": name, "datatype": datatype(types[name]), "shape": list(array.shape)}
        if wanted[name]:
            raw = to_bytes(array)
            row["parameters"] = {"binary_data_size": len(raw)}
            behind += raw
        else:
            flat = array.reshape(-1)
            row["data"] = [_text(name, item) for item in flat] if array.dtype == np.object_ else flat
        rows.append(row)
    table: dict[str, object] = {"model_name": model.served.name, "model_version": version, "outputs": rows}
    if asked.id:
        table["id"] = asked.id
    head = orjson.dumps(table, option=orjson.OPT_SERIALIZE_NUMPY)
    if not behind:
        return Response(head, media_type="application/json")
    return Response(head + behind, media_type="application/octet-stream", headers={LENGTH: str(len(head))})


def _text(name: str, item: bytes) -> str:
    try:
        return item.decode()
    except UnicodeDecodeError:
        raise ProblemError("malformed-request", f"'{name}' holds bytes that are no text: ask for binary_data") from None


def _check(model: Schema, tensor: Tensor, given: InputTensor, place: str) -> None:
    """Refuse a type or a shape that the model does not take."""
    if given.datatype != datatype(tensor.data_type):
        raise _invalid(f"{place}.datatype", f"the model takes {datatype(tensor.data_type)}")
    whole = (-1, *tensor.dims) if model.served.batched else tensor.dims
    fits = len(given.shape) == len(whole) and all(size in {-1, one} for one, size in zip(given.shape, whole, strict=True))
    if not fits or len(given.shape) > model.limits.dims:
        raise _invalid(f"{place}.shape", f"the model takes {list(whole)}")
    if model.served.batched and not 1 <= given.shape[0] <= model.served.max_batch_size:
        raise _invalid(f"{place}.shape", f"a batch is of 1 to {model.served.max_batch_size}")


def _from_json(given: InputTensor, tensor: Tensor, model: Schema, place: str) -> Array:
    try:
        array = np.array(given.data, dtype=object)
    except ValueError:
        raise _invalid(f"{place}.data", "its rows differ in length") from None
    if array.ndim > model.limits.dims or array.size != math.prod(given.shape):
        raise _invalid(f"{place}.data", f"the shape has {math.prod(given.shape)} elements")
    flat = array.reshape(-1)
    kind = tensor.data_type
    if kind == "TYPE_STRING":
        if not all(isinstance(item, str) and len(item) <= model.limits.string_bytes for item in flat):
            raise _invalid(f"{place}.data", "it holds something that is no text, or a text that is too long")
        return np.array([item.encode() for item in flat], dtype=object).reshape(given.shape)
    dtype: np.dtype[Any] = np.dtype(NUMPY[kind])
    right: Any = bool if dtype.kind == "b" else (int, float) if dtype.kind == "f" else int
    if not all(isinstance(item, right) and (dtype.kind == "b" or not isinstance(item, bool)) for item in flat):
        raise _invalid(f"{place}.data", f"it holds something that is no {datatype(kind)}")
    if dtype.kind in "iu" and flat.size and not np.iinfo(dtype).min <= min(flat) <= max(flat) <= np.iinfo(dtype).max:
        raise _invalid(f"{place}.data", f"it holds a number that is no {datatype(kind)}")
    try:
        with np.errstate(over="raise"):
            made = flat.astype(dtype)
    except (OverflowError, FloatingPointError):
        raise _invalid(f"{place}.data", f"it holds a number that is no {datatype(kind)}") from None
    if dtype.kind == "f" and not np.isfinite(made).all():
        raise _invalid(f"{place}.data", "it holds a number that is not finite")
    return made.reshape(given.shape)


def _from_binary(raw: bytes, given: InputTensor, tensor: Tensor, model: Schema, place: str) -> Array:
    count, place = math.prod(given.shape), f"{place}.parameters.binary_data_size"
    if tensor.data_type == "TYPE_STRING":
        return _strings(raw, count, model.limits.string_bytes, place).reshape(given.shape)
    dtype: np.dtype[Any] = np.dtype(NUMPY[tensor.data_type])
    if len(raw) != count * dtype.itemsize:
        raise _invalid(place, f"the shape has {count * dtype.itemsize} bytes")
    array: Array = np.frombuffer(raw, dtype).reshape(given.shape)
    if dtype.kind == "f" and model.limits.finite and not np.isfinite(array).all():
        raise _invalid(place, "it holds a number that is not finite")
    return array


def _strings(raw: bytes, count: int, most: int, place: str) -> Array:
    found: list[bytes] = []
    position = 0
    while position + 4 <= len(raw) and len(found) < count:
        (size,) = struct.unpack_from("<I", raw, position)
        position += 4 + size
        if position > len(raw) or size > most:
            break
        found.append(raw[position - size : position])
    if len(found) != count or position != len(raw):
        raise _invalid(place, f"the shape has {count} strings, each of 4 bytes of length and its bytes")
    return np.array(found, dtype=object)


def datatype(data_type: str) -> str:
    """Return the protocol's name of a data type of config.pbtxt."""
    return data_type.removeprefix("TYPE_").replace("STRING", "BYTES")


def _invalid(place: str, message: str) -> ProblemError:
    return ProblemError("invalid-input", "a field is not what the model takes", fields=[(place, message)])
