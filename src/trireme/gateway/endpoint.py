"""One Triton over gRPC: its models, and calls that end with the client that asked, or at the deadline."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import grpc
import numpy as np
from tritonclient.grpc import service_pb2, service_pb2_grpc
from tritonclient.utils import deserialize_bytes_tensor, np_to_triton_dtype, serialize_byte_tensor, triton_to_np_dtype

from trireme import modelconfig
from trireme.client.wire import Address
from trireme.gateway.problems import ProblemError, UnaskedError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from tritonclient.grpc.model_config_pb2 import ModelConfig

    from trireme.arrays import Array
    from trireme.tensors import Tensor

OPTIONS = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
)
AS_STATUS = ("triton_grpc_error", "true")
"""Asks Triton for an error in a stream as gRPC has it: with a status, and not as a text alone.

https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/customization_guide/inference_protocols.html
"""
MARGIN_US = 1_000
"""What is left of a deadline for Triton's answer to travel back."""

TOLD = {
    "DEADLINE_EXCEEDED": ("deadline-exceeded", "the model did not answer within the deadline of the request"),
    "RESOURCE_EXHAUSTED": ("too-large", "the request is larger than the inference server takes"),
}
"""What a stranger is told for each gRPC status."""
MODEL_AWAY = "the model is being loaded, replaced or stopped"
SERVER_AWAY = "the inference server cannot be reached, or does not take work now"
STUB_DEAD = "the process of the model died"
LEVELS = {"high": 1, "normal": 0}
"""Triton's priority of a lane: 1 is the first, 0 the model's own default; `low` is the model's last level."""


class AwayError(ProblemError):
    """A Triton that takes no work now, or (not whole) that has not this one model; another Triton may."""

    def __init__(self, detail: str, *, whole: bool) -> None:
        super().__init__("unavailable", detail, retry_after=1)
        self.whole = whole


@dataclass(frozen=True)
class Call:
    """How a model is asked: in how many seconds from its making, in whose name, how urgently, where, and within which trace."""

    seconds: float
    request_id: str
    version: str = ""
    lane: str = "normal"
    """`high`, `normal` or `low`."""
    patient: bool = True
    """Whether it was given time enough, so that being late speaks against the model."""
    affinity: str = ""
    """Calls that share it go to the same Triton, where the pool is told to."""
    traceparent: str = ""
    made: float = field(default_factory=time.monotonic)

    @property
    def end(self) -> float:
        """When its time is used up, of the monotonic clock."""
        return self.made + self.seconds

    def left(self) -> float:
        """Return the seconds that are left.

        Raises:
            UnaskedError: none are.

        """
        left = self.end - time.monotonic()
        if left <= 0:
            raise UnaskedError
        return left


@dataclass(frozen=True)
class Served:
    """A model as it is served: its config, and the versions that are ready."""

    name: str
    versions: tuple[str, ...]
    config: ModelConfig

    @cached_property
    def inputs(self) -> tuple[Tensor, ...]:
        """The inputs; dims are without the batch."""
        return modelconfig.inputs(self.config)

    @cached_property
    def outputs(self) -> tuple[Tensor, ...]:
        """The outputs; dims are without the batch."""
        return modelconfig.outputs(self.config)

    @cached_property
    def max_batch_size(self) -> int:
        """The largest batch, 0 for a model without one."""
        return int(self.config.max_batch_size)

    @property
    def batched(self) -> bool:
        """Whether tensors have a batch dimension."""
        return self.max_batch_size > 0

    @cached_property
    def decoupled(self) -> bool:
        """Whether it may answer more than once."""
        return bool(self.config.model_transaction_policy.decoupled)

    @property
    def is_python(self) -> bool:
        """Whether it is Python code."""
        return bool(self.config.backend == "python")

    @property
    def is_ensemble(self) -> bool:
        """Whether it is a pipeline of other models."""
        return bool(self.config.HasField("ensemble_scheduling"))

    @property
    def route(self) -> str:
        """The friendly route that the model's config states in its parameter `route`; empty without one."""
        return str(self.config.parameters["route"].string_value) if "route" in self.config.parameters else ""


@dataclass(frozen=True)
class Answer:
    """Arrays by output name, batch included, and the version that answered."""

    version: str
    outputs: Mapping[str, Array]
    last: bool = True


class Endpoint:
    """A connection to one server."""

    def __init__(self, address: str) -> None:
        self.address = Address.parse(address)
        self._channel = grpc.aio.insecure_channel(str(self.address), options=OPTIONS)
        self._stub = service_pb2_grpc.GRPCInferenceServiceStub(self._channel)

    async def close(self) -> None:
        """Close the connection."""
        await self._channel.close()

    async def live(self, timeout: float) -> bool:
        """Say whether the server answers at all."""
        try:
            await self._stub.ServerLive(service_pb2.ServerLiveRequest(), timeout=timeout)
        except grpc.aio.AioRpcError:
            return False
        return True

    async def models(self, timeout: float) -> dict[str, Served]:
        """Return what is served.

        Raises:
            ProblemError: the server cannot be reached.

        """
        try:
            versions: dict[str, list[str]] = {}
            for name, version in await self._loaded(timeout):
                versions.setdefault(name, []).append(version)
            models = {name: await self._model(name, found, timeout) for name, found in sorted(versions.items())}
            return {name: model for name, model in models.items() if model is not None}
        except grpc.aio.AioRpcError as error:
            raise problem(error, "", ()) from error

    async def _loaded(self, timeout: float) -> list[tuple[str, str]]:
        """Return the names and versions that are ready; by the statistics, where Triton keeps its index to administrators."""
        try:
            index = await self._stub.RepositoryIndex(service_pb2.RepositoryIndexRequest(ready=True), timeout=timeout)
            return [(row.name, row.version) for row in index.models]
        except grpc.aio.AioRpcError as error:
            closed = {grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNIMPLEMENTED}  # by NGINX; a route that is not there
            if error.code() not in closed and "restricted" not in (error.details() or ""):
                raise
        found = await self._stub.ModelStatistics(service_pb2.ModelStatisticsRequest(), timeout=timeout)
        return [(row.name, row.version) for row in found.model_stats]

    async def _model(self, name: str, versions: list[str], timeout: float) -> Served | None:
        """Return a model; None for one that was unloaded meanwhile."""
        try:
            answer = await self._stub.ModelConfig(service_pb2.ModelConfigRequest(name=name), timeout=timeout)
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.NOT_FOUND:
                return None
            raise
        return Served(name, tuple(sorted(versions, key=int)), answer.config)

    async def infer(self, model: Served, arrays: Mapping[str, Array], call: Call) -> Answer:
        """Ask a model, and give up at the deadline; a caller that is cancelled cancels the work in the server.

        Raises:
            ProblemError: the model refused or failed, or no answer came.

        """
        try:
            left = call.left()
            request = _request(model, arrays, call, left)
            return _answer(await self._stub.ModelInfer(request, timeout=left, metadata=_metadata(call)))
        except grpc.aio.AioRpcError as error:
            raise problem(error, model.name, tuple(arrays)) from None

    async def stream(self, model: Served, arrays: Mapping[str, Array], call: Call) -> AsyncGenerator[Answer, None]:
        """Yield every answer to one request; leaving early cancels the work.

        Raises:
            ProblemError: the model refused or failed, or fell silent.

        """
        left = call.left()
        request = _request(model, arrays, call, left)
        request.parameters["triton_enable_empty_final_response"].bool_param = True
        stream = self._stub.ModelStreamInfer(timeout=left, metadata=(*(_metadata(call) or ()), AS_STATUS))
        try:
            await stream.write(request)
            await stream.done_writing()
            async for part in stream:
                if part.error_message:
                    raise refusal(part.error_message, model.name, tuple(arrays))
                answer = _answer(part.infer_response)
                if answer.outputs:
                    yield answer
                if answer.last:
                    return
        except grpc.aio.AioRpcError as error:
            raise problem(error, model.name, tuple(arrays)) from None
        finally:
            stream.cancel()


def problem(error: grpc.aio.AioRpcError, model: str, inputs: tuple[str, ...]) -> ProblemError:
    """Return what a stranger is told of a failed call."""
    said, status = error.details() or "", error.code().name
    if status == "INVALID_ARGUMENT":
        return refusal(said, model, inputs)
    if "Request timeout expired" in said:
        status = "DEADLINE_EXCEEDED"
    if status == "NOT_FOUND":  # of a server that drains, too: no 404 of ours
        return AwayError(MODEL_AWAY, whole=False)
    if "Stub process" in said and "not healthy" in said:
        return AwayError(STUB_DEAD, whole=False)
    if status == "UNAVAILABLE":
        return AwayError(SERVER_AWAY, whole=not said.startswith("Request for unknown model"))
    if "Exceeds maximum queue size" in said:
        return ProblemError("overloaded", f"the queue of '{model}' is full", retry_after=1)
    code, detail = TOLD.get(status, ("model-failed", "the model failed while it worked on the request"))
    return ProblemError(code, detail)


def refusal(text: str, model: str, inputs: tuple[str, ...]) -> ProblemError:
    """Return a model's refusal: its own sentence where it speaks of an input, which is all that a stranger can mend."""
    for name in inputs:
        _, found, sentence = text.partition(f"{name}: ")
        if found and "\n" not in sentence and "/" not in sentence:
            return ProblemError("refused-by-model", f"'{model}' refused an input", fields=[(name, sentence)])
    return ProblemError("refused-by-model", f"'{model}' refused the input")


def _request(model: Served, arrays: Mapping[str, Array], call: Call, left: float) -> Any:  # noqa: ANN401 - protobuf
    request = service_pb2.ModelInferRequest(model_name=model.name, model_version=call.version, id=call.request_id)
    request.parameters["timeout"].int64_param = max(int(left * 1e6) - MARGIN_US, 1)
    levels = model.config.dynamic_batching.priority_levels
    if levels and call.lane != "normal":
        request.parameters["priority"].uint64_param = LEVELS.get(call.lane, levels)
    for key, array in arrays.items():
        request.inputs.add(name=key, datatype=np_to_triton_dtype(array.dtype), shape=array.shape)
        request.raw_input_contents.append(to_bytes(array))
    return request


def _metadata(call: Call) -> tuple[tuple[str, str], ...] | None:
    return (("traceparent", call.traceparent),) if call.traceparent else None


def to_bytes(array: Array) -> bytes:
    """Return an array as Triton's binary tensors have it: strings with their lengths in front."""
    if array.dtype != np.object_:
        return array.tobytes()
    return bytes(serialize_byte_tensor(array).item()) if array.size else b""


def _answer(response: Any) -> Answer:  # noqa: ANN401 - protobuf
    outputs = {
        tensor.name: _array(tensor, raw) for tensor, raw in zip(response.outputs, response.raw_output_contents, strict=True)
    }
    final = response.parameters.get("triton_final_response")
    return Answer(response.model_version, outputs, final is None or final.bool_param)


def _array(tensor: Any, raw: bytes) -> Array:  # noqa: ANN401 - protobuf
    if tensor.datatype != "BYTES":
        return np.frombuffer(raw, triton_to_np_dtype(tensor.datatype)).reshape(tensor.shape)
    strings: Array = deserialize_bytes_tensor(raw)
    return strings.reshape(tensor.shape)
