"""HTTP as the gateway speaks it, below any route: uvicorn's, that cuts off who dawdles and sends an answer in one piece."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

HEAD_SECONDS = 10.0
"""How long the head of a request may take, the first one's connection included."""
HEAD_BYTES = 64 * 1024
"""How much of a head may come before it is whole; the parser itself would take any."""
LINGER_SECONDS = 10.0
"""How long a client may go on to send a body that was refused."""
UNFIT = "trireme.unfit"
"""Where a request's scope says (code, detail) of what its connection or its head may not be."""
TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class _Joining:
    """A transport that sends the head of an answer together with what follows it: one packet, and one waking of the client."""

    def __init__(self, transport: asyncio.Transport, linger: Callable[[], bool]) -> None:
        self._transport = transport
        self._linger = linger
        self._head = b""
        self._closed = False

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a transport has
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send, or keep a head until there is more; `100 Continue` is waited for."""
        if data.startswith(b"HTTP/1.1 ") and not data.startswith(b"HTTP/1.1 1"):
            self._head += data
        elif not self._transport.is_closing():
            self._transport.write(self._head + data)
            self._head = b""

    def is_closing(self) -> bool:
        """Say whether nothing more is sent."""
        return self._closed or self._transport.is_closing()

    def flush(self) -> None:
        """Send a head that nothing followed."""
        if self._head:
            self.write(b"")

    def close(self) -> None:
        """Send what is kept, and hang up; while the client still sends, it would never see its answer."""
        self.flush()
        lingers = not self._closed and not self._transport.is_closing() and self._linger()
        self._closed = True
        if not lingers:
            self._transport.close()


class Protocol(HttpToolsProtocol):
    """uvicorn's, for clients that send nothing or half a head, or leave their answers unread: each is cut off."""

    def __init__(self, *args: Any, send_seconds: float, connections: int, **kwargs: Any) -> None:  # noqa: ANN401 - uvicorn's
        super().__init__(*args, **kwargs)
        self._send_seconds = send_seconds
        self._most = connections
        self._waiting: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        self._in_head = False
        self._head_bytes = 0
        self._running: Any = None
        self._lingering: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        transport.set_write_buffer_limits(0)  # whatever is not taken at once counts as unread
        self._joining = _Joining(transport, self._linger)
        super().connection_made(cast("asyncio.Transport", self._joining))
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more, and tell the request that runs: uvicorn tells the last one that came."""
        self._head_came()
        self._was_read()
        if self._lingering is not None:
            self._lingering.cancel()
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True
            self._running.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take a part of a request; the time of a head runs while nothing else keeps the connection busy."""
        if self._lingering is not None:
            return
        super().data_received(data)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES:
                self.transport.write(TOO_LARGE)
                self.transport.close()
        if self._waiting is None and (self.cycle is None or self.cycle.response_complete):
            self._await_head()

    def pause_writing(self) -> None:
        """Wait for the client to read."""
        super().pause_writing()
        self._was_read()
        self._unread = self.loop.call_later(self._send_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """The client has read all."""
        self._was_read()
        super().resume_writing()

    def on_message_begin(self) -> None:
        """Begin a head."""
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0

    def on_headers_complete(self) -> None:
        """A head came."""
        self._in_head = False
        self._head_came()
        if len(self.connections) > self._most:
            self._mark("overloaded", "there are as many connections as the gateway takes")
        elif len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > HEAD_BYTES:
            self._mark("too-large", f"the head is larger than {HEAD_BYTES} bytes")
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """Send an answer that has no body, and go on to what waits."""
        self._joining.flush()
        super().on_response_complete()
        if self._in_head and self._waiting is None and not self.pipeline:
            self._await_head()

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:  # noqa: ANN401 - uvicorn's
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def _linger(self) -> bool:
        """Of a refused body, read the rest into nothing for a while: closed at once, it would be a reset."""
        if self.cycle is None or not self.cycle.more_body:
            return False
        transport = self.transport
        self._lingering = self.loop.call_later(LINGER_SECONDS, transport.abort)
        transport.write_eof()
        self.flow.resume_reading()
        return True

    def _mark(self, code: str, detail: str) -> None:
        self.scope.update({UNFIT: (code, detail)})  # type: ignore[misc]

    def _await_head(self) -> None:
        self._waiting = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _head_came(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _was_read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
