"""The gateway as an ASGI application: the guard, in it the models' routes, and behind them what operators and browsers ask."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request  # noqa: TC002 - FastAPI reads the annotations of endpoints
from starlette.responses import Response

from trireme import __version__
from trireme.gateway import v2
from trireme.gateway.guard import Guard
from trireme.gateway.page import describe
from trireme.gateway.problems import CODES, MEDIA_TYPE, ProblemError
from trireme.gateway.replies import JSON, as_internal, as_json, as_problem
from trireme.gateway.routes import Models
from trireme.gateway.waterfall import as_page

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from starlette.types import ASGIApp

    from trireme.gateway.catalog import Model
    from trireme.gateway.gateway import Gateway
    from trireme.gateway.pool import Member

    Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]

PARAMETER = re.compile(r"\{(\w+)\}")
PROBLEM = "#/components/schemas/Problem"
STATUS_CODES = {404: "unknown-route", 405: "method-not-allowed"}


class Route(APIRoute):
    """A route whose endpoint takes the request as it is: nothing is injected, so nothing is looked for."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the endpoint itself."""
        return self.endpoint


def application(gateway: Gateway) -> ASGIApp:
    """Return the ASGI application."""
    app = FastAPI(title="Trireme", version=__version__, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.router.route_class = Route
    describe(app, gateway)
    _operations(app, gateway)
    _administration(app, gateway)
    v2.routes(app, gateway)
    app.add_exception_handler(ProblemError, as_problem)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, as_internal)
    return Guard(Models(gateway, app), gateway)


def _operations(app: FastAPI, gateway: Gateway) -> None:
    """Add what operators ask: is it alive, is it ready, what does it serve, what did it count."""

    async def healthz(_request: Request) -> Response:
        return as_json({"status": "alive"})

    async def readyz(_request: Request) -> Response:
        unready = await gateway.unready()
        return as_json({"ready": not unready, "unready": unready}, 503 if unready else 200)

    async def metrics(_request: Request) -> Response:
        return Response(gateway.measured(), media_type="text/plain; version=0.0.4")

    async def models(_request: Request) -> Response:
        return as_json({"models": [_summary(model) for model in gateway.catalog.models.values()]})

    async def explained(request: Request) -> Response:
        code = request.path_params["code"]
        if code not in CODES:
            raise ProblemError("unknown-route", "there is no such code")
        return as_json({"code": code, "status": CODES[code].status, "title": CODES[code].title})

    _add(app, "GET", "/healthz", healthz, "Whether the process lives")
    _add(app, "GET", "/readyz", readyz, "Whether every required model answers")
    _add(app, "GET", "/metrics", metrics, "Prometheus metrics")
    _add(app, "GET", "/v1/models", models, "What is served")
    _add(app, "GET", "/problems/{code}", explained, "What a problem's code stands for")


def _administration(app: FastAPI, gateway: Gateway) -> None:
    """Add what an operator does: look at the Tritons and at traces, take a Triton out, put it back."""

    async def endpoints(_request: Request) -> Response:
        return as_json({"endpoints": [_endpoint(member) for member in gateway.pool.members]})

    async def drain(request: Request) -> Response:
        _member(gateway, request).drained = True
        return await endpoints(request)

    async def readmit(request: Request) -> Response:
        _member(gateway, request).drained = False
        return await endpoints(request)

    async def trace(request: Request) -> Response:
        spans = gateway.tracing.store.of_request(request.path_params["request"])
        if not spans:
            raise ProblemError("unknown-route", "that request was not traced")
        return Response(as_page(spans), media_type="text/html")

    _add(app, "GET", "/v1/admin/traces/{request}", trace, "The waterfall of a request that was traced, as a page")
    base = "/v1/admin/endpoints"
    _add(app, "GET", base, endpoints, "The Tritons and their load")
    _add(app, "POST", f"{base}/{{address}}:drain", drain, "Send a Triton nothing more")
    _add(app, "POST", f"{base}/{{address}}:readmit", readmit, "Take a Triton back")


def _add(app: FastAPI, method: str, path: str, handler: Endpoint, summary: str) -> None:
    async def routed(request: Request) -> Response:
        request.state.route = path
        return await handler(request)

    names = PARAMETER.findall(path)
    parameters = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]
    problem: dict[str, Any] = {"description": "A problem", "content": {MEDIA_TYPE: {"schema": {"$ref": PROBLEM}}}}
    answers: dict[int | str, dict[str, Any]] = {"4XX": problem, "5XX": problem}
    if path == "/readyz":
        answers[503] = {"description": "Not ready", "content": {JSON: {}}}
    extra = {"parameters": parameters} if parameters else None
    app.add_api_route(
        path,
        routed,
        methods=[method],
        summary=summary,
        tags=["operations"],
        response_class=Response,
        responses=answers,
        openapi_extra=extra,
    )
    if method == "GET":
        app.add_api_route(path, routed, methods=["HEAD"], response_class=Response, include_in_schema=False)


def _member(gateway: Gateway, request: Request) -> Member:
    """Return the Triton that a path names."""
    for member in gateway.pool.members:
        if str(member.endpoint.address) == request.path_params["address"]:
            return member
    raise ProblemError("unknown-endpoint", "no Triton of that address; GET /v1/admin/endpoints names them")


def _endpoint(member: Member) -> dict[str, object]:
    address, lacking = str(member.endpoint.address), sorted(member.lacking)
    return {"address": address, "state": member.state, "running": member.running, "lacking": lacking}


def _summary(model: Model) -> dict[str, object]:
    served = model.served
    return {
        "name": served.name,
        "versions": list(served.versions),
        "inputs": [str(tensor) for tensor in served.inputs],
        "outputs": [str(tensor) for tensor in served.outputs],
        "max_batch_size": served.max_batch_size,
        "stream": served.decoupled,
        "route": f"/v1/{served.route}" if served.route else None,
    }


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it alone
    code, allow = STATUS_CODES.get(error.status_code, "malformed-request"), (error.headers or {}).get("Allow", "")
    detail = f"{request.method} {request.url.path}: {CODES[code].title.lower()}"
    return await as_problem(request, ProblemError(code, detail, allow=allow))
