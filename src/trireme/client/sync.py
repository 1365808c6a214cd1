"""The client for threads: HTTP or gRPC, streaming over gRPC, inputs through system shared memory on the same host."""

from __future__ import annotations

import queue
from contextlib import ExitStack, contextmanager
from http.client import HTTPException
from typing import TYPE_CHECKING, Any

from tritonclient.utils import InferenceServerException
from tritonclient.utils.shared_memory import SharedMemoryException

from trireme.client import shared_memory, wire
from trireme.errors import CallError, DeadlineError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import TracebackType

    from typing_extensions import Self

    from trireme.arrays import Array


class Client:
    """One connection to one server; safe to share between threads over gRPC, one per thread over HTTP.

    The timeout (seconds) holds for every call; over gRPC a call can have its own. headers go with every call, such as
    `{"authorization": "Bearer trk_..."}` for a gateway.
    """

    def __init__(
        self,
        address: str = wire.DEFAULT_ADDRESS,
        *,
        timeout: float = wire.DEFAULT_TIMEOUT,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.address = wire.Address.parse(address)
        self._headers = wire.Headers(headers or {})
        self.timeout = timeout
        self._known: dict[tuple[str, str], wire.Metadata] = {}
        if self.address.protocol == "grpc":
            import tritonclient.grpc as module  # noqa: PLC0415 - each protocol's stack is loaded when it is spoken
        else:
            import tritonclient.http as module  # noqa: PLC0415
        self._module = module
        self._client = self._connect(timeout)
        self._deadline: dict[str, Any] = {"client_timeout": timeout} if self.address.protocol == "grpc" else {}

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the connection."""
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def ready(self) -> bool:
        """Say whether the server answers and says that it is ready; False when nobody listens."""
        try:
            return bool(self._client.is_server_ready(**self._deadline))
        except (InferenceServerException, HTTPException, OSError):
            return False

    def models(self) -> list[dict[str, str]]:
        """Return one row a served version: name, version, state, reason."""
        with self._translated():
            as_json = {"as_json": True} if self._deadline else {}
            index = self._client.get_model_repository_index(**as_json, **self._deadline)
        rows = index.get("models", []) if isinstance(index, dict) else index
        return [{key: row.get(key, "") for key in ("name", "version", "state", "reason")} for row in rows]

    def metadata(self, model: str, version: str = "") -> wire.Metadata:
        """Return what the server says of a model; asked once a model and version.

        Raises:
            NotServedError: the model or version is not there.

        """
        if (model, version) not in self._known:
            with self._translated(model):
                as_json = {"as_json": True} if self._deadline else {}
                table = self._client.get_model_metadata(model, version, **as_json, **self._deadline)
                config = self._client.get_model_config(model, version, **as_json, **self._deadline)
            self._known[model, version] = wire.Metadata.from_json(table, config)
        return self._known[model, version]

    def infer(  # noqa: PLR0913 - a call has that many sides, all named
        self,
        model: str,
        inputs: Mapping[str, object],
        *,
        version: str = "",
        outputs: Iterable[str] | None = None,
        parameters: Mapping[str, str | int | bool] | None = None,
        timeout: float | None = None,
        via_shared_memory: bool = False,
    ) -> dict[str, Array]:
        """Return the outputs by name: numpy arrays with the batch first, strings as bytes.

        Raises:
            InputRefusedError: an input is not what the model takes; nothing was sent.
            CallError: the server refused, was not there, or did not answer in time.

        """
        metadata = self.metadata(model, version)
        arrays = metadata.arrays(inputs)
        names = None if outputs is None else list(outputs)
        with self._translated(model), ExitStack() as stack:
            client, deadline = self._client, self._deadline
            if timeout is not None and deadline:
                deadline = {"client_timeout": timeout}
            elif timeout is not None:  # over HTTP the limit belongs to the connection
                client = self._connect(timeout)
                stack.callback(client.close)
            if via_shared_memory:
                sent, wanted = stack.enter_context(shared_memory.placed(client, self._module, arrays, names))
            else:
                sent, wanted = wire.requests(self._module, arrays, names)
            result = client.infer(
                model, sent, model_version=version, outputs=wanted, parameters=dict(parameters or {}), **deadline
            )
            return wire.answer(result, metadata, names)

    def stream(
        self,
        model: str,
        inputs: Mapping[str, object],
        *,
        version: str = "",
        timeout: float | None = None,
    ) -> Iterator[dict[str, Array]]:
        """Yield each response to one request, as it comes; gRPC only. The timeout is for the whole stream.

        Leaving early cancels the request. A server of release 24.10 then cannot unload the model any more: its exit takes
        the whole exit timeout (seen; with a plain model.py too).

        Raises:
            CallError: the server refused, or fell silent.

        """
        if self.address.protocol != "grpc":
            message = f"{model}: streaming needs gRPC; use grpc://{self.address.host}:{wire.PORTS['grpc']}"
            raise CallError(message)
        metadata = self.metadata(model, version)
        sent, _ = wire.requests(self._module, metadata.arrays(inputs), None)
        parts: queue.Queue[tuple[Any, Exception | None]] = queue.Queue()
        limit = self.timeout if timeout is None else timeout
        with self._connect(limit) as client:  # a connection has one stream, and callers may want several
            client.start_stream(callback=lambda result, error: parts.put((result, error)), stream_timeout=limit)
            left_early = True
            try:
                client.async_stream_infer(model, sent, model_version=version, enable_empty_final_response=True)
                yield from self._parts(parts, metadata, limit)
                left_early = False
            except CallError as error:  # a refusal ends the stream as well
                left_early = isinstance(error, DeadlineError)
                raise
            finally:
                client.stop_stream(cancel_requests=left_early)

    def _parts(
        self, parts: queue.Queue[tuple[Any, Exception | None]], metadata: wire.Metadata, limit: float
    ) -> Iterator[dict[str, Array]]:
        while True:
            try:
                result, error = parts.get(timeout=limit)
            except queue.Empty:
                message = f"{metadata.name}: the stream from {self.address} fell silent for {limit:g} s"
                raise DeadlineError(message) from None
            if error is not None:
                raise wire.translate(error, self.address, metadata.name)
            part = wire.answer(result, metadata, None)
            if part:
                yield part
            if result.get_response().parameters["triton_final_response"].bool_param:
                return

    def _connect(self, timeout: float) -> Any:  # noqa: ANN401 - tritonclient's, of either protocol, untyped
        """Return a connection; over HTTP every call on it has this limit."""
        limits = {"concurrency": 1, "connection_timeout": timeout, "network_timeout": timeout}
        if self.address.protocol == "grpc":
            limits = {}
        made = self._module.InferenceServerClient(str(self.address), **limits)
        made.register_plugin(self._headers)
        return made

    @contextmanager
    def _translated(self, model: str = "") -> Iterator[None]:
        try:
            yield
        except (InferenceServerException, SharedMemoryException, HTTPException, OSError) as error:
            raise wire.translate(error, self.address, model) from None
