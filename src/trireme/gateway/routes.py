"""The models' routes: by name, by version, by the friendly name of their config, as a stream, and by KServe's v2 protocol.

One pattern finds the model of a path, whatever is served at the time, and what is no path of a model goes on to the next
application.
"""

from __future__ import annotations

import re
import time
from contextlib import aclosing
from typing import TYPE_CHECKING

import numpy as np
import orjson
from starlette.datastructures import Headers, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from trireme.gateway import v2
from trireme.gateway.bounds import check_pixels
from trireme.gateway.guard import described
from trireme.gateway.problems import ProblemError
from trireme.gateway.replies import JSON, as_internal, as_json, as_problem
from trireme.gateway.rows import Rows
from trireme.gateway.tracing import span

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from starlette.types import ASGIApp, Receive, Scope, Send

    from trireme.arrays import Array
    from trireme.gateway.catalog import Model
    from trireme.gateway.gateway import Gateway

MULTIPART = "multipart/form-data"
PATH = re.compile(
    r"/v1/models/(?P<name>[^/:]+)(?:/versions/(?P<version>[^/:]+))?:(?P<verb>predict|stream)"
    r"|/v1/(?P<route>[^/]+)"
    r"|/v2/models/(?P<asked>[^/]+)(?:/versions/(?P<which>[^/]+))?/infer"
)


class Models:
    """Answers the paths of models; `below` has all others."""

    def __init__(self, gateway: Gateway, below: ASGIApp) -> None:
        self._gateway = gateway
        self._below = below

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        found = PATH.fullmatch(scope["path"]) if scope["type"] == "http" else None
        routed = self._gateway.catalog.routes.get(found["route"]) if found and found["route"] else None
        if found is None or (found["route"] and routed is None):
            await self._below(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            response = await self._answer(request, found, routed)
        except ProblemError as error:
            response = await as_problem(request, error)
        except Exception as error:  # noqa: BLE001 - a bug of ours is one request's, and says nothing of itself
            response = await as_internal(request, error)
        trace = request.state.trace
        if trace is not None and trace.timed and not isinstance(response, StreamingResponse):
            state = scope["state"]
            state["seconds"] = time.perf_counter() - state["begun"]  # what is waited for now is not the request's time
            trace.root.set_attributes(described(state, response.status_code))
            response.headers["server-timing"] = await self._gateway.tracing.timing(trace)
        await response(scope, receive, send)

    async def _answer(self, request: Request, found: re.Match[str], routed: Model | None) -> Response:
        """Answer a request of a path that is a model's."""
        if request.method != "POST":
            raise ProblemError("method-not-allowed", f"{request.method} is not POST", allow="POST")
        state = request.state
        if routed is not None:
            state.route, state.model = f"/v1/{found['route']}", routed.name
            return await (self._events if routed.served.decoupled else self._items)(request, routed, "")
        if found["asked"]:
            state.route = "/v2/models/{name}/infer"
            return await v2.infer(self._gateway, request, found["asked"], found["which"] or "")
        version = found["version"] or ""
        state.route = f"/v1/models/{{name}}{'/versions/{version}' if version else ''}:{found['verb']}"
        model = self._gateway.model(request, found["name"], version)
        if found["verb"] == "predict":
            return await self._items(request, model, version)
        return await self._events(request, model, version)

    async def _items(self, request: Request, model: Model, version: str) -> Response:
        if model.served.decoupled:
            detail = f"'{model.name}' answers as a stream: ask .../{model.name}:stream"
            raise ProblemError("malformed-request", detail)
        call = self._gateway.call(request, model, version)
        if request.headers.get("content-type", JSON).startswith(MULTIPART):
            rows = Rows.of(await _files(request, model))
        else:
            _needs_json(request)
            body = await request.body()
            with span(request.state.trace, "read"):
                rows = model.schema.read(body)
        answer = await self._gateway.predict(request, model, call, rows)
        with span(request.state.trace, "write"):
            return as_json(answer)

    async def _events(self, request: Request, model: Model, version: str) -> Response:
        if version or not model.served.decoupled:
            raise ProblemError("unknown-route", f"'{model.name}' answers once: ask .../{model.name}:predict")
        _needs_json(request)
        call = self._gateway.call(request, model)
        rows = model.schema.read(await request.body())
        if len(rows) != 1:
            raise ProblemError("invalid-input", "a stream is of one item", fields=[("items", "send exactly one")])
        parts = self._gateway.stream(request, model, call, rows[0])
        first = await anext(parts, None)
        return _Stream(_events(first, parts, request.state.request_id), media_type="text/event-stream")


class _Stream(StreamingResponse):
    """A stream that is closed with its answer: what it holds is given back at once, however the answer ended."""

    async def stream_response(self, send: Send) -> None:
        """Send the parts."""
        async with aclosing(self.body_iterator):  # type: ignore[type-var]
            await super().stream_response(send)


async def _files(request: Request, model: Model) -> list[dict[str, Array]]:
    """Return a row for each file of a form: the n-th files of all fields are the n-th item.

    Raises:
        ProblemError: a field that is no input of bytes, or fields with different numbers of files.

    """
    known, limits = {tensor.name: tensor for tensor in model.served.inputs}, model.schema.limits
    columns: dict[str, list[Array]] = {}
    try:
        # as latin-1 every byte is a character: a field that is no text comes through whole
        headers = Headers({"content-type": f"{request.headers['content-type']}; charset=latin-1"})
        parser = MultiPartParser(headers, request.stream(), max_files=limits.items, max_part_size=limits.string_bytes)
        form = await parser.parse()
    except (MultiPartException, HTTPException, KeyError, ValueError, UnicodeError) as error:
        said = error.message if isinstance(error, MultiPartException) else "its boundary or a header is missing or broken"
        raise ProblemError("malformed-request", f"the body is no {MULTIPART}: {said}") from None
    try:
        for name, part in form.multi_items():
            tensor = known.get(name)
            if tensor is None or tensor.data_type != "TYPE_STRING" or tensor.dims != (1,):
                raise ProblemError("invalid-input", "a field is not what the model takes", fields=[(name, "no input of bytes")])
            data = await part.read() if isinstance(part, UploadFile) else part.encode("latin-1")
            if len(data) > limits.string_bytes:
                raise ProblemError("too-large", f"a file has more than {limits.string_bytes} bytes")
            check_pixels(data, limits.pixels, name)
            columns.setdefault(name, []).append(np.array([data], dtype=object))
    finally:
        await form.close()
    counts = {len(column) for column in columns.values()}
    missing = [name for name, tensor in known.items() if not tensor.optional and name not in columns]
    if missing or len(counts) != 1:
        fields = [(name, "is missing") for name in missing] or [(name, "has another number of files") for name in columns]
        raise ProblemError("invalid-input", "each item has one file of each field", fields=fields)
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


async def _events(first: object, parts: AsyncGenerator[object, None], request_id: str) -> AsyncIterator[bytes]:
    """Yield server-sent events: each answer as data, a problem as an event of that name, and the end as one too.

    https://html.spec.whatwg.org/multipage/server-sent-events.html
    """
    try:
        if first is not None:
            yield _event(first)
        async with aclosing(parts):
            async for part in parts:
                yield _event(part)
        yield b"event: end\ndata: {}\n\n"
    except ProblemError as error:
        yield b"event: problem\ndata: " + error.body(request_id) + b"\n\n"


def _event(part: object) -> bytes:
    return b"data: " + orjson.dumps(part, option=orjson.OPT_SERIALIZE_NUMPY) + b"\n\n"


def _needs_json(request: Request) -> None:
    given = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if given != JSON:
        raise ProblemError("unsupported-media-type", f"send {JSON}")
