"""Where a gateway's own time goes: its profile by cProfile under a load, by layer.

What runs in C counts for whoever called it; the event loop, its sockets and gRPC's core have no Python callers.
"""

from __future__ import annotations

import pstats
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

LAYERS = {
    "HTTP": ("/uvicorn/", "/starlette/", "/trireme/gateway/protocol.py", "/trireme/gateway/replies.py"),
    "checks and limits": (
        "/trireme/gateway/guard.py", "/trireme/gateway/access.py", "/trireme/gateway/admission.py",
        "/trireme/gateway/breaker.py", "/trireme/gateway/routes.py", "/trireme/gateway/gateway.py", "/asyncio/timeouts.py",
    ),
    "log, metrics and traces": (
        "/trireme/gateway/accesslog.py", "/prometheus_client/", "/opentelemetry/", "/trireme/gateway/trac",
    ),
    "JSON to arrays and back": ("/pydantic/", "/trireme/gateway/schema.py", "/trireme/gateway/bounds.py", "/numpy/"),
    "joining": ("/trireme/gateway/coalesce.py", "/trireme/gateway/rows.py", "/trireme/gateway/predict.py"),
    "calls of Triton": ("/grpc/", "/tritonclient/", "/google/", "/trireme/gateway/endpoint.py", "/trireme/gateway/pool.py"),
}  # fmt: skip
LOOP = "/asyncio/runners.py", "/uvloop/__init__.py"
REST = "loop, sockets, gRPC's core"


def shares(profile: Path) -> dict[str, float]:
    """Return each layer's share of the time, without what was imported and built at the start."""
    loaded: Any = pstats.Stats(str(profile))
    found = dict.fromkeys([*LAYERS, REST], 0.0)
    for place, (_, _, own, _, callers) in loaded.stats.items():
        if not _is_built_in(place):
            _add(found, place[0], own)
        for caller, (_, _, spent, _) in callers.items() if _is_built_in(place) else ():
            _add(found, caller[0], spent)
    whole = sum(found.values())
    return {layer: seconds / whole for layer, seconds in found.items()}


def _add(found: dict[str, float], path: str, seconds: float) -> None:
    for layer, parts in LAYERS.items():
        if any(part in path for part in parts):
            found[layer] += seconds
    if any(part in path for part in LOOP):
        found[REST] += seconds


def _is_built_in(place: tuple[str, int, str]) -> bool:
    return place[0] == "~"
