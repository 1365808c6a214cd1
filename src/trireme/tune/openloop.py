"""Requests over HTTP, made beforehand: sent at their time whatever came of those before, or again as soon as they are answered.

A latency counts from the moment at which the request was due, so that a server that stalls cannot make the clients wait with it
(«coordinated omission»). A generator that shares the machine takes part in what it measures: this one writes ready bytes to
sockets and looks at a status and a length. It waits by select, which wakes up in time; epoll rounds up to a millisecond.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import selectors
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from tritonclient.http import InferenceServerClient, InferInput
from tritonclient.utils import np_to_triton_dtype

from trireme.errors import CallError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence
    from types import TracebackType
    from typing import TypeVar

    from typing_extensions import Self

    from trireme.arrays import Array

    T = TypeVar("T")
    Tell = Callable[[int, bytes], None]
    """What is called with an answer: its status, 0 when the connection was lost, and its body."""

CONNECTIONS, MOST = 32, 512
"""Opened before the first request, and at most: what is due beyond them waits for one, and its latency counts all the while."""
KEPT = 0.97
"""The share of the rate that has to be kept, or else the run does not count."""
HEALTH = b"GET /v2/health/live HTTP/1.1\r\nHost: triton\r\n\r\n"
BETWEEN = 0.005
"""Seconds between two health checks."""
GRACE = 10.0
"""Seconds after the last request was due until which answers are waited for."""
OK = 200
HEAD_END, LENGTH = b"\r\n\r\n", b"\r\ncontent-length:"


@dataclass(frozen=True)
class Point:
    """What was measured at one offered rate [requests/s]: throughput, latencies [ms], how many failed.

    kept says whether the generator kept its rate; where it did not, the point says nothing of the server. halves is p99 of its
    first half in times of its second's: how much a p99 of so few requests can be held to.
    """

    offered: float
    throughput: float
    p50: float
    p99: float
    failed: int
    kept: bool
    halves: float = 1.0


def request(model: str, inputs: Mapping[str, Array], version: str = "") -> bytes:
    """Return a request of whole arrays, batch included, as HTTP sends it; the outputs come back in binary."""
    tensors = []
    for name, array in inputs.items():
        tensors.append(InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype)))
        tensors[-1].set_data_from_numpy(array, binary_data=True)
    body, described = InferenceServerClient.generate_request_body(tensors)
    path = f"/v2/models/{model}" + (f"/versions/{version}" if version else "") + "/infer"
    head = f"POST {path} HTTP/1.1\r\nHost: triton\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Inference-Header-Content-Length: {described}\r\n\r\n".encode() + bytes(body)


def offer(address: str, requests: Sequence[bytes], kinds: Array, arrivals: Array) -> Point:
    """Send requests[kinds[i]] at arrivals[i] seconds to http://host:port; the first fifth warms up and is not counted."""
    return _run(_offer(address, [requests[kind] for kind in kinds], arrivals))


def repeat(address: str, requests: Sequence[bytes], clients: int, seconds: float, pause: float = 0.0) -> list[float]:
    """Let each of so many clients ask again, a pause [s] after its answer, once at least; return the latencies [s].

    Raises:
        CallError: one is refused.

    """

    async def every() -> list[float]:
        async with _Server(address, clients) as server:
            until = time.perf_counter() + seconds
            asking = (_client(server, [*requests[one:], *requests[:one]], until, pause) for one in range(clients))
            return [took for each in await asyncio.gather(*asking) for took in each]

    return _run(every())


def beside(address: str, requests: Sequence[bytes], clients: int, seconds: float) -> list[float]:
    """Return what health checks take [s], one every few milliseconds, while so many clients ask again and again.

    Raises:
        CallError: a client's request is refused.

    """

    async def both() -> list[float]:
        async with _Server(address, clients + 1) as server:
            until = time.perf_counter() + seconds
            asking = (_client(server, requests, until, 0.0) for _ in range(clients))
            checks, *_ = await asyncio.gather(_client(server, [HEALTH], until, BETWEEN), *asking)
            return checks

    return _run(both())


def _run(work: Coroutine[None, None, T]) -> T:
    """Run it in a loop that wakes up in time; nothing goes on after it."""
    loop = asyncio.SelectorEventLoop(selectors.SelectSelector())
    try:
        return loop.run_until_complete(work)
    finally:
        loop.run_until_complete(_ended())
        loop.close()


async def _ended() -> None:
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


async def _offer(address: str, requests: Sequence[bytes], arrivals: Array) -> Point:
    count = len(arrivals)
    ended, good = np.full(count, np.inf), np.zeros(count, bool)
    async with _Server(address, CONNECTIONS) as server:
        begun = time.perf_counter() + 0.05
        due = begun + arrivals

        def told(number: int) -> Tell:
            def tell(status: int, _: bytes) -> None:
                ended[number], good[number] = time.perf_counter(), status == OK

            return tell

        for number, body in enumerate(requests):
            wait = due[number] - time.perf_counter()
            if wait > 0 or number % 16 == 0:  # let answers come in while it is behind
                await asyncio.sleep(max(wait, 0))
            server.ask(body, told(number))
        sent = time.perf_counter()
        await server.idle(GRACE)
    return _point(arrivals, ended - due, good, sent - begun)


async def _client(server: _Server, requests: Sequence[bytes], until: float, pause: float) -> list[float]:
    """Ask one request after another, one at least, with a pause after each answer; return the latencies."""
    took = []
    for request in itertools.cycle(requests):
        began = time.perf_counter()
        status, body = await server.answer(request)
        took.append(time.perf_counter() - began)
        if status != OK:
            raise CallError(_reason(body))
        if pause:
            await asyncio.sleep(pause)
        if time.perf_counter() >= until:
            break
    return took


def _reason(body: bytes) -> str:
    """Return why Triton refused a request: {"error": ...}, or whatever was said."""
    try:
        return str(json.loads(body)["error"])
    except (ValueError, KeyError, TypeError):
        return body.decode(errors="replace")


class _Connection(asyncio.Protocol):
    """A connection with a request at a time. It tells the answer, and its server that it is free again, or lost."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self._tell: Tell | None = None
        self._got, self._begins, self._ends = bytearray(), 0, 0

    @property
    def busy(self) -> bool:
        """Say whether it waits for an answer."""
        return self._tell is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]

    def ask(self, request: bytes, tell: Tell) -> None:
        self._tell = tell
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._got += data
        if not self._ends:
            head = self._got.find(HEAD_END)
            if head < 0:
                return
            said = self._got[:head].lower().partition(LENGTH)[2].partition(b"\r")[0]
            self._begins = head + len(HEAD_END)
            self._ends = self._begins + int(said)
        if len(self._got) >= self._ends:
            status, body = int(self._got[9:12]), bytes(self._got[self._begins :])
            self._got, self._ends = bytearray(), 0
            self._told(status, body)
            self._server.freed(self)

    def connection_lost(self, _: Exception | None) -> None:
        self._server.lost(self)
        self._told(0, b"the server closed the connection")

    def _told(self, status: int, body: bytes) -> None:
        tell, self._tell = self._tell, None
        if tell:
            tell(status, body)


class _Server:
    """A server's connections: what is asked goes out on a free one, on a new one, or waits for one where there are most."""

    def __init__(self, address: str, connections: int) -> None:
        self._host, _, port = address.removeprefix("http://").rpartition(":")
        self._port = int(port)
        self._first = connections
        self._every: set[_Connection] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._free: list[_Connection] = []
        self._waiting: deque[tuple[bytes, Tell]] = deque()

    async def __aenter__(self) -> Self:
        await asyncio.gather(*(self._connect() for _ in range(self._first)))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for connection in self._every:
            connection.transport.abort()

    def ask(self, request: bytes, tell: Tell) -> None:
        if self._free:
            self._free.pop().ask(request, tell)
            return
        self._waiting.append((request, tell))
        if len(self._every) + len(self._opening) < MOST:
            task = asyncio.create_task(self._open())
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def answer(self, request: bytes) -> tuple[int, bytes]:
        """Send a request; return the status and the body of its answer."""
        said: asyncio.Future[tuple[int, bytes]] = asyncio.get_running_loop().create_future()
        self.ask(request, lambda status, body: said.set_result((status, body)))
        return await said

    async def idle(self, seconds: float) -> None:
        """Return when everything is answered, or after so many seconds."""
        end = time.perf_counter() + seconds
        while (self._waiting or any(one.busy for one in self._every)) and time.perf_counter() < end:  # noqa: ASYNC110 - no hurry
            await asyncio.sleep(0.01)

    async def _open(self) -> None:
        """Open a connection for what waits; where nobody listens any more, one of those that wait is told."""
        try:
            await self._connect()
        except UnreachableError as error:
            if self._waiting:
                _, tell = self._waiting.popleft()
                tell(0, str(error).encode())

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(lambda: _Connection(self), self._host, self._port)
        except OSError as error:
            message = f"http://{self._host}:{self._port}: {error.strerror or error}"
            raise UnreachableError(message) from None
        self._every.add(connection)
        self.freed(connection)

    def freed(self, connection: _Connection) -> None:
        """Give a connection the next request that waits for one."""
        if self._waiting:
            connection.ask(*self._waiting.popleft())
        else:
            self._free.append(connection)

    def lost(self, connection: _Connection) -> None:
        """Forget a connection that was closed."""
        self._every.discard(connection)
        if connection in self._free:
            self._free.remove(connection)


def _point(arrivals: Array, latency: Array, good: Array, spent: float) -> Point:
    counted = slice(len(arrivals) // 5, None)
    answered = good[counted] & np.isfinite(latency[counted])
    finish = (arrivals + latency)[counted][answered]
    span = (finish.max() if len(finish) else arrivals[-1]) - arrivals[counted][0]
    offered = len(answered) / (arrivals[-1] - arrivals[counted][0])
    p50, p99 = np.quantile(latency[counted][answered], (0.5, 0.99)) * 1e3 if answered.any() else (np.inf, np.inf)
    halves = 1.0
    if not answered.all():
        p99 = np.inf
    elif len(answered) > 1:
        first, second = (np.quantile(half, 0.99) for half in np.array_split(latency[counted], 2))
        halves = first / second
    throughput = answered.sum() / span
    return Point(
        round(float(offered), 2),
        round(float(throughput), 2),
        round(float(p50), 3),
        round(float(p99), 3),
        int((~answered).sum()),
        bool(spent <= arrivals[-1] / KEPT + 0.05),
        round(float(halves), 3),
    )
