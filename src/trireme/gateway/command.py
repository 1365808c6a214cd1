"""`trireme gateway`: connect to Triton, build the routes of what it serves, and serve until somebody stops it."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, cast

import grpc.aio
import uvicorn
import uvloop

from trireme.errors import ServerError
from trireme.gateway.app import application
from trireme.gateway.gateway import Gateway
from trireme.gateway.problems import ProblemError
from trireme.gateway.protocol import Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trireme.gateway.keys import Keys
    from trireme.gateway.settings import Settings

YOUNG = 100_000
"""Objects made before the collector looks for circles: a request leaves none, and looking was a tenth of its time."""
GRACE_SECONDS = 10
"""How long requests in flight may go on when the gateway is stopped."""


def run(settings: Settings, say: Callable[[str], None]) -> None:
    """Serve until a signal.

    Raises:
        ServerError: Triton cannot be reached, or the port is taken.

    """
    uvloop.run(_serve(settings, say))


async def _serve(settings: Settings, say: Callable[[str], None]) -> None:
    try:
        gateway = await Gateway.connect(settings)
    except ProblemError as error:
        said = f" ({error.__cause__.details()})" if isinstance(error.__cause__, grpc.aio.AioRpcError) else ""
        message = f"no Triton can be asked what it serves at {', '.join(settings.triton)}{said}; `make serve` starts one"
        raise ServerError(message) from None
    try:
        listening = _listening(settings.host, settings.port)
        if listening is None:
            message = f"port {settings.port} of {settings.host} cannot be had; choose another with --port"
            raise ServerError(message)
        for line in banner(gateway):
            say(line)
        limits = settings.limits
        config = uvicorn.Config(
            application(gateway),
            host=settings.host,
            port=settings.port,
            access_log=False,
            log_level="warning",
            server_header=False,
            http=cast("type[Protocol]", partial(Protocol, send_seconds=limits.send_seconds, connections=limits.connections)),
            proxy_headers=False,  # nobody in front is trusted to say who asks
            ws="none",
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        gc.collect()
        gc.freeze()  # what is there at the start stays: the collector need not look at it again
        gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
        server = Server(config)
        spans = await _receiver(gateway, say)
        try:
            await server.serve([listening])
        finally:
            if spans is not None:
                spans[0].should_exit = True
                await spans[1]
    finally:
        await gateway.close()


async def _receiver(gateway: Gateway, say: Callable[[str], None]) -> tuple[uvicorn.Server, asyncio.Future[None]] | None:
    """Begin to take spans of Triton and its models; where another gateway does already, its store has them."""
    port = gateway.settings.tracing.port
    if not port:
        return None
    listening = _listening("127.0.0.1", port)
    if listening is None:
        say(f"traces   port {port} is taken: another gateway has the spans of Triton (tracing.port)")
        return None
    server = _Beside(
        uvicorn.Config(
            gateway.tracing.receiver,
            access_log=False,
            log_level="warning",
            lifespan="off",
            ws="none",
            interface="asgi3",
            timeout_graceful_shutdown=1,
        )
    )
    return server, asyncio.ensure_future(server.serve([listening]))


def _listening(host: str, port: int) -> socket.socket | None:
    """Return a socket that listens; None when the port is taken."""
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
    except OSError:
        made.close()
        return None
    return made


class _Beside(uvicorn.Server):
    """A server that leaves the signals to the other one."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take none."""
        yield


class Server(uvicorn.Server):
    """A server that a signal ends as if it had returned, so that what is open is closed behind it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take the signals, and hand them on to nobody."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._stop)
        yield

    def _stop(self) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True


def banner(gateway: Gateway) -> Iterator[str]:
    """Yield what a person wants to see at the start."""
    settings = gateway.settings
    base = f"http://{settings.host}:{settings.port}"
    for name, model in gateway.catalog.models.items():
        served = model.served
        path = f"/v1/models/{name}:{'stream' if served.decoupled else 'predict'}"
        yield f"  POST {path:44} {f'/v1/{served.route}' if served.route else ''}".rstrip()
    yield f"gateway  {base}    page {base}/docs    Triton {', '.join(settings.triton)}"
    for name in sorted({*settings.models, *settings.cache.models, *settings.required} - gateway.catalog.models.keys()):
        yield f"settings name '{name}', which is not served now"
    if settings.insecure:
        yield "keys     none are asked for (insecure), so that it listens on loopback only"
    elif not gateway.access.keys.by_id() and not settings.oidc.issuer:
        yield f"keys     there is none yet in {settings.keys}: `trireme gateway keys create NAME` makes one"


def key_lines(keys: Keys) -> Iterator[str]:
    """Yield a line for each key, without its secret."""
    for key in keys.by_id().values():
        made = time.strftime("%Y-%m-%d", time.gmtime(key.created))
        state = "revoked" if key.revoked is not None else "valid"
        yield f"{key.id}  {state:8} {','.join(key.scopes):12} {key.lane:7} {made}  {key.name}"
