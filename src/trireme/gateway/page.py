"""/openapi.json, made of what is served at the time, and the page that shows it, with nothing from elsewhere."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema
from starlette.staticfiles import StaticFiles

from trireme.gateway.problems import CODES, MEDIA_TYPE
from trireme.gateway.replies import JSON, as_json
from trireme.gateway.routes import MULTIPART

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.responses import Response

    from trireme.gateway.catalog import Model
    from trireme.gateway.gateway import Gateway

COMPONENT = "#/components/schemas/"
ASSETS = Path(str(find_spec("fastapi_offline").origin)).parent / "static"  # type: ignore[union-attr]
"""Swagger UI as the package fastapi-offline carries it."""


def describe(app: FastAPI, gateway: Gateway) -> None:
    """Add /openapi.json, its page, and the page's scripts."""
    made: dict[int, dict[str, Any]] = {}

    async def openapi(request: Request) -> Response:
        request.state.route = "/openapi.json"
        state = gateway.catalog.changes
        if state not in made:
            made.clear()
            made[state] = _table(app, list(gateway.catalog.models.values()))
        return as_json(made[state])

    async def docs(request: Request) -> Response:
        request.state.route = "/docs"
        return get_swagger_ui_html(
            openapi_url="openapi.json",
            title="Trireme",
            swagger_js_url="assets/swagger-ui-bundle.js",
            swagger_css_url="assets/swagger-ui.css",
            swagger_favicon_url="assets/favicon.png",
        )

    app.add_route("/openapi.json", openapi, methods=["GET"])
    app.add_route("/docs", docs, methods=["GET"])
    app.mount("/assets", StaticFiles(directory=ASSETS))


def _table(app: FastAPI, models: list[Model]) -> dict[str, Any]:
    types: list[Any] = [(model.schema.request, "validation") for model in models]
    types += [(model.schema.response, "serialization") for model in models]
    _, parts = models_json_schema(types, ref_template=COMPONENT + "{model}")
    table = get_openapi(title=app.title, version=app.version, routes=app.routes)
    known = table.setdefault("components", {}).setdefault("schemas", {})
    known |= parts.get("$defs", {})
    known["Problem"] = {
        "type": "object",
        "required": ["type", "title", "status", "code", "detail"],
        "properties": {"code": {"enum": list(CODES)}, **{name: {"type": "string"} for name in ("type", "title", "detail")}},
    }
    for model in models:
        operation = _operation(model)
        for number, (path, parameters) in enumerate(_paths(model)):
            own = {"operationId": f"{model.name}_{number}", "parameters": parameters}
            table["paths"][path] = {"post": {**operation, **own}}
    table["components"]["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    table["security"] = [{"bearer": []}, {}]
    return table


def _paths(model: Model) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield a model's paths with their parameters."""
    base, served = f"/v1/models/{model.name}", model.served
    if served.decoupled:
        yield f"{base}:stream", []
    else:
        yield f"{base}:predict", []
        version = {"name": "version", "in": "path", "required": True, "schema": {"enum": list(served.versions)}}
        yield f"{base}/versions/{{version}}:predict", [version]
    if served.route:
        yield f"/v1/{served.route}", []


def _operation(model: Model) -> dict[str, Any]:
    """Return what OpenAPI says of a model's routes."""
    served, schema = model.served, model.schema
    content: dict[str, Any] = {JSON: {"schema": {"$ref": f"{COMPONENT}{schema.request.__name__}"}}}
    if any(tensor.data_type == "TYPE_STRING" for tensor in served.inputs):
        file = {"type": "array", "items": {"type": "string", "format": "binary"}}
        content[MULTIPART] = {"schema": {"type": "object", "properties": {tensor.name: file for tensor in served.inputs}}}
    answer: dict[str, Any] = {JSON: {"schema": {"$ref": f"{COMPONENT}{schema.response.__name__}"}}}
    if served.decoupled:
        answer = {"text/event-stream": {"schema": {"type": "string"}}}
    problem = {"description": "A problem", "content": {MEDIA_TYPE: {"schema": {"$ref": f"{COMPONENT}Problem"}}}}
    return {
        "summary": f"Ask {served.name}{', and hear each answer' if served.decoupled else ''}",
        "tags": [served.name],
        "requestBody": {"content": content, "required": True},
        "responses": {"200": {"description": "Answered", "content": answer}, "4XX": problem, "5XX": problem},
    }
