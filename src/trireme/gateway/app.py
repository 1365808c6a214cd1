"""The gateway's routes, and the page that describes them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic.json_schema import models_json_schema
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request  # noqa: TC002 - FastAPI reads the annotations of endpoints
from starlette.responses import Response, StreamingResponse

from trireme import __version__
from trireme.gateway import v2
from trireme.gateway.guard import Guard
from trireme.gateway.problems import CODES, MEDIA_TYPE, ProblemError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Mapping

    from starlette.types import ASGIApp

    from trireme.arrays import Array
    from trireme.gateway.gateway import Gateway
    from trireme.gateway.schema import Schema

LOG = logging.getLogger("trireme.gateway")
STATUS_CODES = {404: "unknown-route", 405: "method-not-allowed"}
JSON = "application/json"
MULTIPART = "multipart/form-data"


class Route(APIRoute):
    """A route whose endpoint takes the request as it is: nothing is injected, so nothing is looked for."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the endpoint itself."""
        return self.endpoint


def application(gateway: Gateway) -> ASGIApp:
    """Return the ASGI application: every route within the guard."""
    app = FastAPI(title="Trireme", version=__version__, openapi_url=None, docs_url=None, redoc_url=None)
    app.router.route_class = Route
    _describe(app, gateway)
    _operations(app, gateway)
    for schema in gateway.schemas.values():
        _model_routes(app, gateway, schema)
    v2.routes(app, gateway)
    app.add_exception_handler(ProblemError, _problem)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _internal)
    return Guard(app, gateway.settings.limits, gateway.metrics)


def _operations(app: FastAPI, gateway: Gateway) -> None:
    """Add what operators ask: is it alive, is it ready, what does it serve, what did it count."""

    async def healthz(request: Request) -> Response:
        request.state.route = "/healthz"
        return _json({"status": "alive"})

    async def readyz(request: Request) -> Response:
        request.state.route = "/readyz"
        unready = await gateway.unready()
        return _json({"ready": not unready, "unready": unready}, 503 if unready else 200)

    async def metrics(request: Request) -> Response:
        request.state.route = "/metrics"
        gateway.authorize(request, "admin")
        return Response(gateway.metrics.text(gateway.limiters, gateway.cache), media_type="text/plain; version=0.0.4")

    async def models(request: Request) -> Response:
        request.state.route = "/v1/models"
        gateway.authorize(request)
        return _json({"models": [_summary(schema) for schema in gateway.schemas.values()]})

    async def explained(request: Request) -> Response:
        request.state.route = "/problems/{code}"
        code = request.path_params["code"]
        if code not in CODES:
            raise ProblemError("unknown-route", "there is no such code")
        return _json({"code": code, "status": CODES[code].status, "title": CODES[code].title})

    for path, handler, summary in (
        ("/healthz", healthz, "Whether the process lives"),
        ("/readyz", readyz, "Whether every required model answers"),
        ("/metrics", metrics, "Prometheus metrics"),
        ("/v1/models", models, "What is served"),
        ("/problems/{code}", explained, "What a problem's code stands for"),
    ):
        app.add_api_route(path, handler, methods=["GET"], summary=summary, tags=["operations"], response_class=Response)


def _model_routes(app: FastAPI, gateway: Gateway, model: Schema) -> None:
    """Add the routes of one model: by name, by version, and the friendly one that its config declares."""
    served = model.served

    async def items(request: Request) -> Response:
        version = request.path_params.get("version", "")
        gateway.authorize(request)
        gateway.schema(request, served.name, version)
        if request.headers.get("content-type", JSON).startswith(MULTIPART):
            rows = await _files(request, model)
        else:
            _needs_json(request)
            rows = model.read(await request.body())
        return _json(await gateway.predict(request, model, version, rows))

    async def events(request: Request) -> Response:
        gateway.authorize(request)
        gateway.schema(request, served.name)
        _needs_json(request)
        rows = model.read(await request.body())
        if len(rows) != 1:
            raise ProblemError("invalid-input", "a stream is of one item", fields=[("items", "send exactly one")])
        parts = gateway.stream(request, model, "", rows[0])
        first = await anext(parts, None)
        return StreamingResponse(_events(first, parts, request.state.request_id), media_type="text/event-stream")

    body = {"content": {JSON: {"schema": {"$ref": f"#/components/schemas/{model.request.__name__}"}}}, "required": True}
    if any(tensor.data_type == "TYPE_STRING" for tensor in served.inputs):
        properties = {
            tensor.name: {"type": "array", "items": {"type": "string", "format": "binary"}} for tensor in served.inputs
        }
        body["content"][MULTIPART] = {"schema": {"type": "object", "properties": properties}}  # type: ignore[index]
    answer = {
        "content": {JSON: {"schema": {"$ref": f"#/components/schemas/{model.response.__name__}"}}},
        "description": "Answered",
    }
    problems = {"description": "A problem", "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    extra = {"requestBody": body, "responses": {"200": answer, "4XX": problems, "5XX": problems}}
    paths = [f"/v1/models/{served.name}:predict", f"/v1/models/{served.name}/versions/{{version}}:predict"]
    paths += [f"/v1/{served.route}"] if served.route else []
    for path in paths if not served.decoupled else ():
        _add(app, path, items, f"Ask {served.name}", served.name, extra)
    if served.decoupled:
        _add(app, f"/v1/models/{served.name}:stream", events, f"Ask {served.name}, and hear each answer", served.name, extra)


def _add(app: FastAPI, path: str, handler: Any, summary: str, tag: str, extra: dict[str, Any]) -> None:  # noqa: ANN401, PLR0913, PLR0917
    async def routed(request: Request) -> Response:
        request.state.route = path
        return await handler(request)  # type: ignore[no-any-return]

    app.add_api_route(path, routed, methods=["POST"], summary=summary, tags=[tag], openapi_extra=extra, response_class=Response)


async def _files(request: Request, model: Schema) -> list[dict[str, Array]]:
    """Return a row for each file of a form: the n-th files of all fields are the n-th item.

    Raises:
        ProblemError: a field that is no input of bytes, or fields with different numbers of files.

    """
    known = {tensor.name: tensor for tensor in model.served.inputs}
    columns: dict[str, list[Array]] = {}
    async with request.form(max_files=model.limits.items, max_part_size=model.limits.string_bytes) as form:
        for name, part in form.multi_items():
            tensor = known.get(name)
            if tensor is None or tensor.data_type != "TYPE_STRING" or tensor.dims != (1,):
                raise ProblemError("invalid-input", "a field is not what the model takes", fields=[(name, "no input of bytes")])
            data = await part.read() if isinstance(part, UploadFile) else part.encode()
            if len(data) > model.limits.string_bytes:
                raise ProblemError("too-large", f"a file has more than {model.limits.string_bytes} bytes")
            columns.setdefault(name, []).append(np.array([data], dtype=object))
    counts = {len(column) for column in columns.values()}
    missing = [name for name, tensor in known.items() if not tensor.optional and name not in columns]
    if missing or len(counts) != 1:
        fields = [(name, "is missing") for name in missing] or [(name, "has another number of files") for name in columns]
        raise ProblemError("invalid-input", "each item has one file of each field", fields=fields)
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


async def _events(first: object, parts: AsyncIterator[object], request_id: str) -> AsyncIterator[bytes]:
    """Yield server-sent events: each answer as data, a problem as an event of that name, and the end as one too.

    https://html.spec.whatwg.org/multipage/server-sent-events.html
    """
    try:
        if first is not None:
            yield _event(first)
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


def _summary(schema: Schema) -> dict[str, object]:
    served = schema.served
    return {
        "name": served.name,
        "versions": list(served.versions),
        "inputs": [str(tensor) for tensor in served.inputs],
        "outputs": [str(tensor) for tensor in served.outputs],
        "max_batch_size": served.max_batch_size,
        "stream": served.decoupled,
        "route": f"/v1/{served.route}" if served.route else None,
    }


def _describe(app: FastAPI, gateway: Gateway) -> None:
    """Add /openapi.json and its page; a model's types come from its config."""
    from fastapi.openapi.docs import get_swagger_ui_html  # noqa: PLC0415 - one page needs it

    async def openapi(request: Request) -> Response:
        request.state.route = "/openapi.json"
        return _json(_openapi(app, gateway.schemas))

    async def docs(request: Request) -> Response:
        request.state.route = "/docs"
        return get_swagger_ui_html(openapi_url="openapi.json", title="Trireme")

    app.add_route("/openapi.json", openapi, methods=["GET"])
    app.add_route("/docs", docs, methods=["GET"])


def _openapi(app: FastAPI, schemas: Mapping[str, Schema]) -> dict[str, Any]:
    if app.openapi_schema is None:
        models = [
            pair for schema in schemas.values() for pair in ((schema.request, "validation"), (schema.response, "serialization"))
        ]
        _, parts = models_json_schema(models, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
        table = get_openapi(title=app.title, version=app.version, routes=app.routes)
        known = table.setdefault("components", {}).setdefault("schemas", {})
        known |= parts.get("$defs", {})
        known["Problem"] = {
            "type": "object",
            "required": ["type", "title", "status", "code", "detail"],
            "properties": {"code": {"enum": list(CODES)}, **{name: {"type": "string"} for name in ("type", "title", "detail")}},
        }
        app.openapi_schema = table
    return app.openapi_schema


def _json(value: object, status: int = 200) -> Response:
    return Response(orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY), status, media_type=JSON)


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)  # noqa: S101 - registered for it alone
    table = error.table(request.state.request_id)
    if request.url.path.startswith("/v2"):
        table["error"] = error.detail  # the member that the protocol's clients read
    return Response(orjson.dumps(table), error.status, error.headers())


async def _http(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 400)
    code = STATUS_CODES.get(status, "malformed-request")
    return await _problem(request, ProblemError(code, f"{request.method} {request.url.path}: {CODES[code].title.lower()}"))


async def _internal(request: Request, error: Exception) -> Response:
    LOG.error("request %s failed", request.state.request_id, exc_info=error)
    return await _problem(request, ProblemError("internal", "the gateway failed; its log has the request's id"))
