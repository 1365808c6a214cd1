"""What the gateway does at five times its capacity: goodput, how fast it refuses, and how soon it is itself again.

The load is open-loop: requests are sent at their time, whatever came of those before, each on a connection that is free.
Server, gateway and load share the same cores.
"""

from __future__ import annotations

import asyncio
import json
import math
import statistics
import time
from typing import TYPE_CHECKING

from trireme.bench.gateway import Connection, running
from trireme.server.process import AS_WRITTEN, Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.discover import Sources

    Row = tuple[str, str, str, str]

ROUTE = "/v1/classify"
TEXT = "the crossing was calm, the crew kind and the soup warm enough for a cold evening at sea"
TIMES = 5
CLIENTS = 32
"""At which the capacity is measured: enough for batches, too few to be refused."""
LIMIT_SECONDS = 10.0
OK, SHED = 200, 503


def measure(sources: Sources, *, quick: bool) -> Iterator[Row]:
    """Yield a row for the goodput, the sheds and the recovery."""
    with Server(sources.root / "model_repository", sources.root / ".trireme" / "bench.log", flags=(AS_WRITTEN,)) as server:
        yield from asyncio.run(_measure(sources, server.grpc, 2.0 if quick else 10.0, 1 if quick else 3))


async def _measure(sources: Sources, triton: str, seconds: float, rounds: int) -> list[Row]:
    body = json.dumps({"items": [{"text": TEXT}]}).encode()
    shares, peaks, sheds, recoveries, wrong = [], [], [], [], 0
    async with running(sources.root, triton) as port:
        await _closed(port, body, 2.0)
        for _ in range(rounds):
            peak = await _closed(port, body, seconds)
            answers = await _open(port, body, TIMES * peak, seconds)
            recoveries.append(await _recovery(port, body))
            peaks.append(peak)
            shares.append(sum(status == OK for status, _ in answers) / seconds / peak)
            sheds += [took for status, took in answers if status == SHED]
            wrong += sum(status not in {OK, SHED} for status, _ in answers)
    p99 = statistics.quantiles(sheds, n=100)[98] * 1e3 if len(sheds) > 1 else math.nan
    spread = f"{min(shares):.2f} to {max(shares):.2f} in {rounds} rounds; peak {statistics.median(peaks):,.0f} a second"
    return [
        (f"goodput at {TIMES} times the capacity", f"{statistics.median(shares):.0%} of the peak", spread, ">= 85 %"),
        ("a shed answers, p99", f"{p99:.0f} ms", f"of {len(sheds)} sheds; {wrong} other answers", "<= 50 ms"),
        ("itself again after", f"{max(recoveries):.1f} s", f"{min(recoveries):.1f} s at best", "<= 5 s"),
    ]


async def _closed(port: int, body: bytes, seconds: float) -> float:
    """Return the answers a second of clients that each ask again when they have their answer."""
    end = time.perf_counter() + seconds

    async def ask() -> int:
        connection, good = await Connection.open(port), 0
        while time.perf_counter() < end:
            good += await connection.post(ROUTE, body) == OK
        connection.close()
        return good

    return sum(await asyncio.gather(*(ask() for _ in range(CLIENTS)))) / seconds


async def _open(port: int, body: bytes, rate: float, seconds: float) -> list[tuple[int, float]]:
    """Return (status, seconds) of every request of a load at a constant rate."""
    free: list[Connection] = []
    answers: list[tuple[int, float]] = []

    async def ask() -> None:
        begun = time.perf_counter()
        try:
            connection = free.pop() if free else await Connection.open(port)
            answers.append((await connection.post(ROUTE, body), time.perf_counter() - begun))
            free.append(connection)
        except (OSError, asyncio.IncompleteReadError):
            answers.append((0, time.perf_counter() - begun))

    begun, tasks = time.perf_counter(), []
    for number in range(int(rate * seconds)):
        wait = begun + number / rate - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        tasks.append(asyncio.ensure_future(ask()))
    await asyncio.wait(tasks, timeout=LIMIT_SECONDS)
    for connection in free:
        connection.close()
    return answers


async def _recovery(port: int, body: bytes) -> float:
    """Return the seconds until ten requests in a row are answered."""
    begun, row = time.perf_counter(), 0
    connection = await Connection.open(port)
    while row < 10 and time.perf_counter() - begun < LIMIT_SECONDS:  # noqa: PLR2004 - as the docstring says
        row = row + 1 if await connection.post(ROUTE, body) == OK else 0
    connection.close()
    return time.perf_counter() - begun
