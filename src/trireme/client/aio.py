"""The client for asyncio: HTTP or gRPC, streaming over gRPC; leaving a call cancels its work in the server over gRPC."""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from aiohttp import ClientError
from tritonclient.utils import InferenceServerException

from trireme.client import wire
from trireme.errors import CallError, DeadlineError

if sys.version_info >= (3, 11):
    from asyncio import timeout as timeout_after
else:
    from async_timeout import timeout as timeout_after

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping
    from types import TracebackType

    from typing_extensions import Self

    from trireme.arrays import Array


class AsyncClient:
    """One connection to one server for one event loop.

    The timeout (seconds) holds for every call; headers go with every call, such as a gateway's key.
    """

    def __init__(
        self,
        address: str = wire.DEFAULT_ADDRESS,
        *,
        timeout: float = wire.DEFAULT_TIMEOUT,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.address = wire.Address.parse(address)
        self.timeout = timeout
        self._known: dict[tuple[str, str], wire.Metadata] = {}
        if self.address.protocol == "grpc":
            import tritonclient.grpc.aio as module  # noqa: PLC0415 - each protocol's stack is loaded when it is spoken
        else:
            import tritonclient.http.aio as module  # noqa: PLC0415
        self._module = module
        self._client = module.InferenceServerClient(str(self.address))
        self._client.register_plugin(wire.Headers(headers or {}))

    async def __aenter__(self) -> Self:
        """Return the client itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection."""
        await self.close()

    async def close(self) -> None:
        """Close the connection."""
        await self._client.close()

    async def ready(self) -> bool:
        """Say whether the server answers and says that it is ready; False when nobody listens."""
        try:
            async with self._guarded(self.timeout):
                return bool(await self._client.is_server_ready())
        except CallError:
            return False

    async def metadata(self, model: str, version: str = "") -> wire.Metadata:
        """Return what the server says of a model; asked once a model and version.

        Raises:
            NotServedError: the model or version is not there.

        """
        if (model, version) not in self._known:
            as_json = {"as_json": True} if self.address.protocol == "grpc" else {}
            async with self._guarded(self.timeout, model):
                table = await self._client.get_model_metadata(model, version, **as_json)
                config = await self._client.get_model_config(model, version, **as_json)
            self._known[model, version] = wire.Metadata.from_json(table, config)
        return self._known[model, version]

    async def infer(  # noqa: PLR0913 - a call has that many sides, all named
        self,
        model: str,
        inputs: Mapping[str, object],
        *,
        version: str = "",
        outputs: Iterable[str] | None = None,
        parameters: Mapping[str, str | int | bool] | None = None,
        timeout: float | None = None,
    ) -> dict[str, Array]:
        """Return the outputs by name: numpy arrays with the batch first, strings as bytes.

        Raises:
            InputRefusedError: an input is not what the model takes; nothing was sent.
            CallError: the server refused, was not there, or did not answer in time.

        """
        metadata = await self.metadata(model, version)
        names = None if outputs is None else list(outputs)
        sent, wanted = wire.requests(self._module, metadata.arrays(inputs), names)
        async with self._guarded(self.timeout if timeout is None else timeout, model):
            result = await self._client.infer(
                model,
                sent,
                model_version=version,
                outputs=wanted,
                parameters=dict(parameters or {}),
            )
        return wire.answer(result, metadata, names)

    async def stream(
        self,
        model: str,
        inputs: Mapping[str, object],
        *,
        version: str = "",
        timeout: float | None = None,
    ) -> AsyncIterator[dict[str, Array]]:
        """Yield each response to one request, as it comes; gRPC only. The timeout is for each response.

        Raises:
            CallError: the server refused, or fell silent.

        """
        if self.address.protocol != "grpc":
            message = f"{model}: streaming needs gRPC; use grpc://{self.address.host}:{wire.PORTS['grpc']}"
            raise CallError(message)
        metadata = await self.metadata(model, version)
        sent, _ = wire.requests(self._module, metadata.arrays(inputs), None)
        request = {"model_name": model, "inputs": sent, "model_version": version, "enable_empty_final_response": True}
        parts = self._client.stream_infer(_once(request))
        limit = self.timeout if timeout is None else timeout
        left_early = True
        try:
            while left_early:
                async with self._guarded(limit, model):
                    result, error = await anext(parts)
                if error is not None:
                    left_early = False  # a refusal ends the stream as well
                    raise wire.translate(error, self.address, model)
                left_early = not result.get_response().parameters["triton_final_response"].bool_param
                if part := wire.answer(result, metadata, None):
                    yield part
        finally:
            if left_early:
                parts.cancel()

    @asynccontextmanager
    async def _guarded(self, limit: float, model: str = "") -> AsyncIterator[None]:
        """Cut the body off at the limit, and give its errors as ours."""
        try:
            async with timeout_after(limit):
                yield
        except (asyncio.TimeoutError, TimeoutError):
            prefix = f"{model}: " if model else ""
            message = f"{prefix}no answer from {self.address} in {limit:g} s"
            raise DeadlineError(message) from None
        except (InferenceServerException, ClientError, OSError) as error:
            raise wire.translate(error, self.address, model) from None


async def _once(request: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    yield request
