"""HTTP as the gateway speaks it, below any route: uvicorn's, that cuts off who dawdles and sends an answer in one piece."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio

HEAD_SECONDS = 10.0
"""How long the head of a request may take, the first one's connection included."""


class _Joining:
    """A transport that sends the head of an answer together with what follows it: one packet, and one waking of the client."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a transport has
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send, or keep a head until there is more; `100 Continue` is waited for."""
        if data.startswith(b"HTTP/1.1 ") and not data.startswith(b"HTTP/1.1 1"):
            self._head += data
        else:
            self._transport.write(self._head + data)
            self._head = b""

    def flush(self) -> None:
        """Send a head that nothing followed."""
        if self._head:
            self.write(b"")

    def close(self) -> None:
        """Send what is kept, and hang up."""
        self.flush()
        self._transport.close()


class Protocol(HttpToolsProtocol):
    """uvicorn's, for clients that send nothing or half a head, or leave their answers unread: each is cut off."""

    def __init__(self, *args: Any, send_seconds: float, **kwargs: Any) -> None:  # noqa: ANN401 - uvicorn's
        super().__init__(*args, **kwargs)
        self._send_seconds = send_seconds
        self._waiting: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        transport.set_write_buffer_limits(0)  # whatever is not taken at once counts as unread
        self._joining = _Joining(transport)
        super().connection_made(cast("asyncio.Transport", self._joining))
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._come()
        self._read()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Wait for the client to read."""
        super().pause_writing()
        self._read()
        self._unread = self.loop.call_later(self._send_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """The client has read all."""
        self._read()
        super().resume_writing()

    def on_message_begin(self) -> None:
        """Wait for the rest of a head."""
        super().on_message_begin()
        self._wait()

    def on_response_complete(self) -> None:
        """Send an answer that has no body."""
        self._joining.flush()
        super().on_response_complete()

    def on_headers_complete(self) -> None:
        """A head came."""
        self._come()
        super().on_headers_complete()

    def _wait(self) -> None:
        self._come()
        self._waiting = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _come(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
