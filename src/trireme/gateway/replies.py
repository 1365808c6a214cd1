"""Answers as HTTP: JSON, and problems."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import orjson
from starlette.responses import Response

from trireme.gateway.problems import ProblemError

if TYPE_CHECKING:
    from starlette.requests import Request

LOG = logging.getLogger("trireme.gateway")
JSON = "application/json"


def as_json(value: object, status: int = 200) -> Response:
    """Return a value as JSON; numpy arrays are lists, and a number that is none, such as NaN, is null."""
    return Response(orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY), status, media_type=JSON)


async def as_problem(request: Request, error: Exception) -> Response:
    """Return a ProblemError as RFC 9457 has it."""
    assert isinstance(error, ProblemError)  # noqa: S101 - registered for it alone
    table = error.table(request.state.request_id, request.scope["path"])
    return Response(orjson.dumps(table), error.status, error.headers())


async def as_internal(request: Request, error: Exception) -> Response:
    """Write a bug of ours into the log, and say no more than that."""
    LOG.error("request %s failed", request.state.request_id, exc_info=error)
    return await as_problem(request, ProblemError("internal", "the gateway failed; its log has the request's id"))
