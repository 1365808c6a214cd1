"""What both clients share: addresses, metadata, requests from values, answers to arrays, errors. Nothing here dials."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tritonclient.utils import InferenceServerException, np_to_triton_dtype

from trireme.arrays import to_array
from trireme.errors import (
    CallError,
    DeadlineError,
    InputRefusedError,
    NotServedError,
    UnreachableError,
    ValueRefusedError,
    suggestion,
)
from trireme.tensors import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import ModuleType

    from trireme.arrays import Array

DEFAULT_ADDRESS = "grpc://127.0.0.1:8001"
DEFAULT_TIMEOUT = 30.0
"""Seconds; nothing waits for ever."""
RAISED = re.compile(r"[A-Za-z_.]+(Error|Exception): ")
PORTS = {"grpc": 8001, "http": 8000}


@dataclass(frozen=True)
class Address:
    """Where a server listens, and the protocol to speak: `grpc://host:port`, `http://host:port`, or `host:port` for gRPC."""

    protocol: str
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read an address.

        Raises:
            CallError: it is not one.

        """
        parts = urlsplit(text if "://" in text else f"grpc://{text}")
        try:
            port = parts.port
        except ValueError:
            port = 0
        if parts.scheme not in PORTS or not parts.hostname or port == 0:
            message = f"'{text}' is not an address; write grpc://host:port or http://host:port"
            raise CallError(message)
        return cls(parts.scheme, parts.hostname, port or PORTS[parts.scheme])

    def __str__(self) -> str:
        """Return host:port, as tritonclient takes it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


class Headers:
    """A plugin of tritonclient that sends headers (metadata over gRPC) with every request, such as a gateway's key."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = dict(headers)

    def __call__(self, request: Any) -> None:  # noqa: ANN401 - tritonclient's Request
        """Add them to a request."""
        request.headers.update(self._headers)


@dataclass(frozen=True)
class Metadata:
    """A served model as the server describes it; dims are whole, the batch included as -1."""

    name: str
    versions: tuple[str, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    @classmethod
    def from_json(cls, table: Mapping[str, Any], config: Mapping[str, Any]) -> Metadata:
        """Read what the server says of a model, and its config, which alone tells the optional inputs; both as JSON."""
        stated = config.get("config", config)
        optional = {row["name"] for row in stated.get("input", ()) if row.get("optional")}
        inputs, outputs = (
            tuple(_tensor(row, optional=row["name"] in optional) for row in table.get(side, ()))
            for side in ("inputs", "outputs")
        )
        return cls(table["name"], tuple(table.get("versions", ())), inputs, outputs)

    def arrays(self, values: Mapping[str, object]) -> dict[str, Array]:
        """Return the values as arrays the server will take.

        A value of one rank less is one row; where a row is a single value, it is a column of rows.

        Raises:
            InputRefusedError: a name, a type or a shape is not the model's.

        """
        by_name = {tensor.name: tensor for tensor in self.inputs}
        for name in values:
            if name not in by_name:
                raise InputRefusedError(self.name, name, f"the model has none; {suggestion(name, by_name)}")
        for tensor in self.inputs:
            if tensor.name not in values and not tensor.optional:
                raise InputRefusedError(self.name, tensor.name, f"is missing; the model takes {tensor}")
        return {name: self._array(by_name[name], value) for name, value in values.items()}

    def _array(self, tensor: Tensor, value: object) -> Array:
        try:
            array = to_array(value, tensor, tensor.name)
        except ValueRefusedError as error:
            raise InputRefusedError(self.name, tensor.name, str(error)) from None
        if array.ndim == len(tensor.dims) - 1 and tensor.dims[0] == -1:
            array = array[:, None] if array.ndim == 1 and tensor.dims[1] == 1 else array[None]
        if 0 in array.shape[:1]:
            raise InputRefusedError(self.name, tensor.name, f"is an empty batch; the model takes {tensor}")
        if not tensor.accepts(array.shape):
            raise InputRefusedError(self.name, tensor.name, f"has shape {list(array.shape)}; the model takes {tensor}")
        return array


def requests(
    module: ModuleType,
    arrays: Mapping[str, Array],
    outputs: Iterable[str] | None,
) -> tuple[list[Any], list[Any] | None]:
    """Return tritonclient's input and output objects of one protocol's module."""
    inputs = []
    for name, array in arrays.items():
        item = module.InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
        item.set_data_from_numpy(array)
        inputs.append(item)
    wanted = None if outputs is None else [module.InferRequestedOutput(name) for name in outputs]
    return inputs, wanted


def answer(result: Any, metadata: Metadata, outputs: Iterable[str] | None) -> dict[str, Array]:  # noqa: ANN401 - untyped upstream
    """Return the arrays of an answer by name."""
    names = outputs if outputs is not None else [tensor.name for tensor in metadata.outputs]
    return {name: array for name in names if (array := result.as_numpy(name)) is not None}


def translate(error: BaseException, address: Address, model: str = "") -> CallError:
    """Return our error for one of tritonclient's or of the network below it."""
    text = _one_line(str(error.message() if isinstance(error, InferenceServerException) else error)) or type(error).__name__
    status = str(error.status()) if isinstance(error, InferenceServerException) else ""
    prefix = f"{model}: " if model else ""
    if isinstance(error, (TimeoutError, socket.timeout)) or "DEADLINE" in status or "Deadline" in text or "imed out" in text:
        return DeadlineError(f"{prefix}no answer from {address} in time")
    gone = "UNAVAILABLE" in status and ("connect" in text or "ocket closed" in text)
    if gone or isinstance(error, (OSError, HTTPException)) or type(error).__module__.startswith("aiohttp"):
        return UnreachableError(f"nobody listens at {address.protocol}://{address}; `make serve` starts the server")
    if "NOT_FOUND" in status or status == "404" or "unknown model" in text:
        return NotServedError(f"{prefix}{text}")
    return CallError(f"{prefix}{text}")


def _one_line(text: str) -> str:
    """Return the last exception of a traceback (other servers than ours send them), or the text itself."""
    raised = [line for line in text.splitlines() if RAISED.match(line)]
    return raised[-1] if raised else text.strip()


def _tensor(row: Mapping[str, Any], *, optional: bool) -> Tensor:
    datatype = "STRING" if row["datatype"] == "BYTES" else row["datatype"]
    return Tensor(row["name"], f"TYPE_{datatype}", tuple(map(int, row["shape"])), optional)
