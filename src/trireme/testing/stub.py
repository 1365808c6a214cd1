"""The classes that Triton's stub adds to `triton_python_backend_utils` from its C++ side, in memory.

Source: https://github.com/triton-inference-server/python_backend/blob/main/src/pb_stub.cc, as release 24.10 has it. What the
classes take, give and refuse is held against the real stub by a test.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from trireme.arrays import Array

    Table = Mapping[str, Callable[..., Mapping[str, Array]]]

COMPLETE_FINAL = 1
MOST_ITEM_BYTES = 8


class ErrorCode(IntEnum):
    """TRITONSERVER_Error_Code, by Triton's numbers."""

    UNKNOWN = 0
    INTERNAL = 1
    NOT_FOUND = 2
    INVALID_ARG = 3
    UNAVAILABLE = 4
    UNSUPPORTED = 5
    ALREADY_EXISTS = 6
    CANCELLED = 7


class TritonModelException(Exception):  # noqa: N818 - Triton's name
    """What the stub raises of its own."""


class TritonError:
    """An error of one response."""

    UNKNOWN = ErrorCode.UNKNOWN
    INTERNAL = ErrorCode.INTERNAL
    NOT_FOUND = ErrorCode.NOT_FOUND
    INVALID_ARG = ErrorCode.INVALID_ARG
    UNAVAILABLE = ErrorCode.UNAVAILABLE
    UNSUPPORTED = ErrorCode.UNSUPPORTED
    ALREADY_EXISTS = ErrorCode.ALREADY_EXISTS
    CANCELLED = ErrorCode.CANCELLED

    def __init__(self, message: str, code: ErrorCode = ErrorCode.INTERNAL) -> None:
        if not isinstance(message, str) or not isinstance(code, ErrorCode):
            raise TypeError("TritonError takes a text and one of its codes")
        self._message, self._code = message, code

    def message(self) -> str:
        """Return the text."""
        return self._message

    def code(self) -> ErrorCode:
        """Return the code."""
        return self._code


class Tensor:
    """A tensor on the CPU; strings are bytes in an object array, as the stub hands them over."""

    def __init__(self, name: str, array: Array) -> None:
        if not isinstance(name, str) or not isinstance(array, np.ndarray):
            raise TypeError(f"Tensor takes a name and a numpy array, not {type(name).__name__} and {type(array).__name__}")
        if not name:
            raise TritonModelException("Tensor name cannot be an empty string.")
        self._name = name
        _check_type(array)
        self._array = np.ascontiguousarray(array) if array.ndim else array

    def name(self) -> str:
        """Return the name."""
        return self._name

    def as_numpy(self) -> Array:
        """Return the array."""
        return self._array

    def shape(self) -> list[int]:
        """Return the shape, batch included."""
        return list(self._array.shape)

    def triton_dtype(self) -> int:
        """Fail, as release 24.10's does: its C++ enum has no Python type."""
        message = "Unable to convert function return value to a Python type! (TRITONSERVER_datatype_enum)"
        raise TypeError(message)

    def is_cpu(self) -> bool:
        """Say that it is on the CPU."""
        return True

    def to_dlpack(self) -> Any:  # noqa: ANN401 - a capsule
        """Return a DLPack capsule."""
        return self._array.__dlpack__()

    @staticmethod
    def from_dlpack(name: str, tensor: Any) -> Tensor:  # noqa: ANN401 - anything with __dlpack__
        """Return a tensor of another library's on the CPU."""
        return Tensor(name, np.from_dlpack(tensor))


class InferenceResponse:
    """The answer to one request: tensors, or an error."""

    def __init__(self, output_tensors: Sequence[Tensor] = (), error: TritonError | None = None) -> None:
        if not all(isinstance(tensor, Tensor) for tensor in output_tensors):
            raise TypeError("InferenceResponse takes Tensor objects")
        if error is not None and not isinstance(error, TritonError):
            raise TypeError("an error is a TritonError")
        self._tensors, self._error = list(output_tensors), error

    def output_tensors(self) -> list[Tensor]:
        """Return the tensors."""
        return self._tensors

    def has_error(self) -> bool:
        """Say whether it is an error."""
        return self._error is not None

    def error(self) -> TritonError | None:
        """Return the error."""
        return self._error


class ResponseSender:
    """Where a decoupled model, or one that answers later, puts its responses."""

    def __init__(self, request: InferenceRequest) -> None:
        self._request = request
        self.sent: list[InferenceResponse] = []
        self.closed = False

    def send(self, response: InferenceResponse | None = None, flags: int = 0) -> None:
        """Take a response, and the flag of the last one.

        Raises:
            TritonModelException: as the stub does: after the last one, with an unknown flag, or with neither response nor flag.

        """
        if self.closed:
            raise TritonModelException("Unable to send response. Response sender has been closed.")
        if flags not in {0, COMPLETE_FINAL}:
            raise TritonModelException(
                "Unable to send response. Unsupported flag provided. Currently supporting '0' or "
                "'TRITONSERVER_RESPONSE_COMPLETE_FINAL'."
            )
        if response is None and not flags:
            raise TritonModelException(
                "Inference Response object must be provided when the response flags is not set to "
                "pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL."
            )
        self.sent += [] if response is None else [response]
        self.closed = bool(flags)

    def is_cancelled(self) -> bool:
        """Say whether the client left."""
        return self._request.is_cancelled()


class MemoryType(Enum):
    """Where a tensor is to lie."""

    TRITONSERVER_MEMORY_CPU = 0
    TRITONSERVER_MEMORY_GPU = 2


@dataclass(frozen=True)
class PreferredMemory:
    """Where a model wants the answer of another model."""

    type: MemoryType = MemoryType.TRITONSERVER_MEMORY_CPU
    device_id: int = 0


class Trace:
    """A request's trace; there is none without a server."""

    def get_context(self) -> None:
        """Return nothing: no client sent a context."""


class InferenceRequest:
    """A request: what a client sent, or what a model asks of another model (business logic scripting)."""

    models: ClassVar[Table] = {}
    """What a model may ask: a function of arrays by input name for each model's name."""

    def __init__(  # noqa: PLR0913 - the stub's own signature, all named
        self,
        *,
        request_id: str = "",
        correlation_id: int | str = 0,
        inputs: Sequence[Tensor] = (),
        requested_output_names: Sequence[str] = (),
        model_name: str = "",
        model_version: int = -1,
        flags: int = 0,
        timeout: int = 0,
        preferred_memory: PreferredMemory | None = None,
        trace: Trace | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> None:
        if not all(isinstance(tensor, Tensor) for tensor in inputs):
            raise TypeError("InferenceRequest takes Tensor objects")
        self.model_name, self.model_version, self.preferred_memory = model_name, model_version, preferred_memory
        self._id, self._correlation, self._inputs = request_id, correlation_id, list(inputs)
        self._requested, self._flags, self._timeout = list(requested_output_names), flags, timeout
        self._trace, self._parameters = trace or Trace(), dict(parameters or {})
        self._sender = ResponseSender(self)
        self.cancelled = False
        self.release_flags = 1

    def inputs(self) -> list[Tensor]:
        """Return the tensors."""
        return self._inputs

    def request_id(self) -> str:
        """Return the client's word for it."""
        return self._id

    def correlation_id(self) -> int | str:
        """Return the sequence it belongs to."""
        return self._correlation

    def requested_output_names(self) -> list[str]:
        """Return which outputs are wanted."""
        return self._requested

    def flags(self) -> int:
        """Return the sequence flags."""
        return self._flags

    def set_flags(self, flags: int) -> None:
        """Set the sequence flags."""
        self._flags = flags

    def set_release_flags(self, flags: int) -> None:
        """Set what becomes of the request (iterative sequences)."""
        self.release_flags = flags

    def timeout(self) -> int:
        """Return the time it may take, in microseconds; 0 for any."""
        return self._timeout

    def parameters(self) -> str:
        """Return the custom parameters as JSON, as release 24.10 does."""
        return json.dumps(self._parameters)

    def trace(self) -> Trace:
        """Return the trace."""
        return self._trace

    def is_cancelled(self) -> bool:
        """Say whether the client left."""
        return self.cancelled

    def get_response_sender(self) -> ResponseSender:
        """Return where a decoupled model answers."""
        return self._sender

    def exec(self, decoupled: bool = False) -> InferenceResponse | Iterator[InferenceResponse]:  # noqa: FBT001, FBT002 - Triton's
        """Ask the model that the request names, from the table of functions; an iterator when decoupled."""
        answers = self._ask(decoupled=decoupled)
        return iter(answers) if decoupled else answers[0]

    async def async_exec(self, decoupled: bool = False) -> InferenceResponse | Iterator[InferenceResponse]:  # noqa: FBT001, FBT002
        """Do the same without blocking."""
        await asyncio.sleep(0)
        return self.exec(decoupled)

    def _ask(self, *, decoupled: bool) -> list[InferenceResponse]:
        if self.model_name not in self.models:
            problem = f"Failed for execute the inference request. Model '{self.model_name}' is not ready."
            return [InferenceResponse(error=TritonError(problem, ErrorCode.INVALID_ARG))]
        given = {tensor.name(): tensor.as_numpy() for tensor in self._inputs}
        try:
            found = self.models[self.model_name](**given)
            tables = cast("list[Mapping[str, Array]]", list(found) if decoupled else [found])
            return [self._response(table) for table in tables]
        except Exception as error:  # noqa: BLE001 - a model that fails answers with its error, as Triton's does
            return [InferenceResponse(error=TritonError(str(error)))]

    def _response(self, table: Mapping[str, Array]) -> InferenceResponse:
        wanted = self._requested or list(table)
        missing = [name for name in wanted if name not in table]
        if missing:
            problem = f"unexpected inference output '{missing[0]}' for model '{self.model_name}'"
            return InferenceResponse(error=TritonError(problem, ErrorCode.INVALID_ARG))
        return InferenceResponse([Tensor(name, table[name]) for name in wanted])


class Logger:
    """Triton's log; what is written is kept in `lines`, a level and a text each."""

    INFO, WARNING, ERROR, VERBOSE = range(4)
    lines: ClassVar[list[tuple[int, str]]] = []

    @classmethod
    def log(cls, message: str, level: int = INFO) -> None:
        """Write a line."""
        cls.lines.append((level, message))

    @classmethod
    def log_info(cls, message: str) -> None:
        """Write a line."""
        cls.log(message, cls.INFO)

    @classmethod
    def log_warn(cls, message: str) -> None:
        """Write a warning."""
        cls.log(message, cls.WARNING)

    @classmethod
    def log_error(cls, message: str) -> None:
        """Write an error."""
        cls.log(message, cls.ERROR)

    @classmethod
    def log_verbose(cls, message: str) -> None:
        """Write a line that only a verbose server shows."""
        cls.log(message, cls.VERBOSE)


@dataclass
class Metric:
    """One number of a family, under its labels."""

    kind: int
    number: float = 0.0

    def increment(self, by: float) -> None:
        """Add; a counter takes nothing negative."""
        if self.kind == MetricFamily.COUNTER and by < 0:
            message = "TRITONSERVER_METRIC_KIND_COUNTER can only be incremented monotonically by non-negative values."
            raise TritonModelException(message)
        self.number += by

    def set(self, number: float) -> None:
        """Set a gauge."""
        if self.kind == MetricFamily.COUNTER:
            raise TritonModelException("TRITONSERVER_METRIC_KIND_COUNTER does not support Set")
        self.number = number

    def value(self) -> float:
        """Return the number."""
        return self.number


@dataclass
class MetricFamily:
    """A custom metric of a model."""

    COUNTER = 0
    GAUGE = 1
    HISTOGRAM = 2

    name: str
    description: str
    kind: int
    metrics: dict[str, Metric] = field(default_factory=dict)

    def Metric(self, labels: Mapping[str, str] | None = None, **_: Any) -> Metric:  # noqa: N802, ANN401 - Triton's name, newer options
        """Return the metric under these labels."""
        return self.metrics.setdefault(json.dumps(dict(labels or {}), sort_keys=True), Metric(self.kind))


def _check_type(array: Array) -> None:
    """Refuse an array of a type that Triton has not.

    Raises:
        TritonModelException: as the stub does.

    """
    if array.dtype.kind not in "biufOS" or (array.dtype.itemsize > MOST_ITEM_BYTES and array.dtype.kind in "iuf"):
        raise TritonModelException(f"Unsupported dtype used for numpy array: Triton has none like {array.dtype}")
