"""What stands in front of every route: who asks, sizes, encodings and time of a request, one log line of its answer.

The headers are judged before the body is read; the body is read here, whole and within the limits, before anything else runs;
a client that leaves cancels what runs for it.
"""

from __future__ import annotations

import asyncio
import logging
import random
import re
import sys
import time
from typing import TYPE_CHECKING, Any

from trireme.gateway.access import Caller, is_open
from trireme.gateway.problems import ProblemError
from trireme.gateway.protocol import UNFIT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from trireme.gateway.gateway import Gateway

if sys.version_info >= (3, 11):
    from asyncio import timeout as timeout_after
else:
    from async_timeout import timeout as timeout_after

LOG = logging.getLogger("trireme.gateway")
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
SECURITY = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)
CLIENT_LEFT = 499
"""What nginx writes into its log for a client that left before its answer."""
INTERNAL = 500
CHUNK = 64 * 1024
"""Bytes that are written at a time: before the next ones, the client has to have read these."""
OPEN_BYTES = 4096
"""What a stranger without a key may send: nothing that is asked of an open path has a body."""
FORMS = (b"application/x-www-form-urlencoded",)
WATCHED_AFTER = 0.02
"""Seconds after which it is watched whether the client is still there: most requests are answered before."""


class _Answer:
    """Sends an answer with the headers that every one has; status is the answer's, or that its client left."""

    def __init__(self, send: Send, request_id: str) -> None:
        self.status = CLIENT_LEFT
        self.done = False
        self.left = False
        self._send = send
        self._headers = (*SECURITY, (b"x-request-id", request_id.encode()))

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message["headers"], *self._headers]
            await self._send(message)
            return
        for part in _parts(message):
            await self._send(part)
        self.done = not message.get("more_body")


class Guard:
    """The outermost ASGI application."""

    def __init__(self, app: ASGIApp, gateway: Gateway) -> None:
        self._app = app
        self._limits = gateway.settings.limits
        self._access = gateway.access
        self._metrics = gateway.metrics
        self._lines = gateway.log
        self._tracing = gateway.tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"").decode("latin-1")
        request_id = given if REQUEST_ID.fullmatch(given) else f"{random.getrandbits(128):032x}"
        state = scope.setdefault("state", {})
        state.update(request_id=request_id, begun=time.perf_counter(), caller=Caller(), trace=None)
        answer = _Answer(send, request_id)
        try:
            state["caller"] = await self._enter(scope, headers)
            if not is_open(scope["path"]):
                state["trace"] = self._tracing.begin(headers, state["caller"].id)
            body = await self._body(scope, headers, receive)
            if body is not None:
                await self._run(scope, body, receive, answer)
        except ProblemError as error:
            await _refuse(error, scope, answer)
        except Exception:  # a bug of ours is one request's, and says nothing of itself
            LOG.exception("request %s failed", request_id)
            if answer.status != CLIENT_LEFT:  # it has begun: what is left to do is to end the connection
                answer.status = INTERNAL
                raise
            await _refuse(ProblemError("internal", "the gateway failed; its log has the request's id"), scope, answer)
        finally:
            self._log(scope, answer.status)
            if state["trace"] is not None:
                _finish(state, answer.status)

    async def _enter(self, scope: Scope, headers: dict[bytes, bytes]) -> Caller:
        """Return who asks."""
        if UNFIT in scope:
            code, detail = scope[UNFIT]
            raise ProblemError(code, detail, retry_after=1 if code == "overloaded" else None)
        return await self._access.check(scope["path"], headers)

    async def _body(self, scope: Scope, headers: dict[bytes, bytes], receive: Receive) -> bytes | None:
        """Return the whole body; None when the client left."""
        if headers.get(b"content-encoding", b"identity") != b"identity":
            raise ProblemError("unsupported-media-type", "send the body as it is: no Content-Encoding is taken")
        if headers.get(b"content-type", b"").partition(b";")[0].strip().lower() in FORMS:
            raise ProblemError("unsupported-media-type", "a form is not taken; send application/json")
        limit = OPEN_BYTES if is_open(scope["path"]) else self._limits.body_bytes
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > limit:
            raise ProblemError("too-large", f"the body is larger than {limit} bytes")
        try:
            async with timeout_after(self._limits.receive_seconds):
                return await _whole(receive, limit)
        except (TimeoutError, asyncio.TimeoutError):
            waited = f"{self._limits.receive_seconds:g} seconds"
            raise ProblemError("slow-client", f"the body did not arrive within {waited}") from None

    async def _run(self, scope: Scope, body: bytes, receive: Receive, answer: _Answer) -> None:
        """Run the application; if it takes a while, watch for the client, who ends it by leaving."""
        parts = [{"type": "http.request", "body": body, "more_body": False}]
        loop, working = asyncio.get_running_loop(), asyncio.current_task()
        watching: list[asyncio.Task[None]] = []

        async def given() -> Message:
            if parts:
                return parts.pop()
            await asyncio.Event().wait()  # for ever: leaving is told by cancelling
            raise AssertionError

        waiting = loop.call_later(WATCHED_AFTER, lambda: watching.append(loop.create_task(_watch(receive, answer, working))))
        try:
            await self._app(scope, given, answer)
        except asyncio.CancelledError:
            if not answer.left:
                raise
            answer.status = CLIENT_LEFT
        finally:
            waiting.cancel()
            for task in watching:
                task.cancel()

    def _log(self, scope: Scope, status: int) -> None:
        """Write who asked what and what came of it, never what was in it."""
        state = scope["state"]
        seconds = state.get("seconds", time.perf_counter() - state["begun"])
        route, model, version = state.get("route", "none"), state.get("model", ""), state.get("version", "")
        self._metrics.observe(route, model, version, status, seconds)
        row: dict[str, Any] = {"time": time.time(), "request": state["request_id"], "method": scope["method"], "route": route}
        row |= {"model": model, "version": version, "status": status, "seconds": round(seconds, 6)}
        row |= {"key": state["caller"].id, "client": (scope.get("client") or ("",))[0]}
        self._lines.add(row)


async def _watch(receive: Receive, answer: _Answer, working: asyncio.Task[Any] | None) -> None:
    """Cancel what works for a client when it leaves; the end of its answer is told in the same way."""
    while (await receive())["type"] != "http.disconnect":
        pass
    if not answer.done and working is not None:
        answer.left = True
        working.cancel()


def _finish(state: dict[str, Any], status: int) -> None:
    """End the span of a request, unless it was ended to be told of in the answer."""
    root = state["trace"].root
    if root.is_recording():
        root.set_attributes(described(state, status))
        root.end()


def described(state: Mapping[str, Any], status: int) -> dict[str, str | int]:
    """Return what is written of a request into its span: never what was in it."""
    route, model = state.get("route", "none"), state.get("model", "")
    return {"request.id": state["request_id"], "http.route": route, "model": model, "http.response.status_code": status}


def _parts(message: Message) -> Iterator[Message]:
    """Yield a message in parts, so that a client that reads nothing is noticed."""
    body = message["body"]
    for first in range(0, len(body) - CHUNK, CHUNK):
        yield {**message, "body": body[first : first + CHUNK], "more_body": True}
    yield {**message, "body": body[(max(len(body) - 1, 0) // CHUNK) * CHUNK :]} if len(body) > CHUNK else message


async def _whole(receive: Receive, limit: int) -> bytes | None:
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise ProblemError("too-large", f"the body is larger than {limit} bytes")
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


async def _refuse(error: ProblemError, scope: Scope, answer: Send) -> None:
    body = error.body(scope["state"]["request_id"], scope["path"])
    table = {**error.headers(), "content-length": str(len(body)), "connection": "close"}
    headers = [(key.encode(), value.encode()) for key, value in table.items()]
    await answer({"type": "http.response.start", "status": error.status, "headers": headers})
    await answer({"type": "http.response.body", "body": body})
