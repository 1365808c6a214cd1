"""Requests at a constant rate, whatever came of those before (an open loop), each of them accounted for."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import grpc
from tritonclient.grpc import service_pb2 as pb

from trireme.tune.load import METHOD

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from types import TracebackType

    from typing_extensions import Self

TIMEOUT = 10.0


@dataclass
class Account:
    """What became of the requests: sent, answered by version, lost by reason, latencies of the answered [s]."""

    sent: int = 0
    versions: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)

    @property
    def answered(self) -> int:
        """Return how many were answered."""
        return sum(self.versions.values())

    def add(self, other: Account) -> None:
        """Take another account into this one."""
        self.sent += other.sent
        self.versions += other.versions
        self.lost += other.lost
        self.latencies += other.latencies

    @property
    def p99(self) -> float:
        """Return the 99th percentile of latency [ms]."""
        rows = sorted(self.latencies)
        return 1000 * rows[int(len(rows) * 0.99)] if rows else 0.0


class Traffic:
    """Sends bodies to an address, rate a second, while the block runs; a context manager that returns the account."""

    def __init__(self, address: str, bodies: Sequence[bytes], rate: float) -> None:
        self.account = Account()
        self._target, self._bodies, self._rate = address.removeprefix("grpc://"), bodies, rate
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="traffic", daemon=True)

    @property
    def open(self) -> int:
        """Return how many requests are in flight now."""
        return self.account.sent - self.account.answered - sum(self.account.lost.values())

    def __enter__(self) -> Self:
        """Begin to send."""
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Send no more, and wait for the answers."""
        self._stop.set()
        self._thread.join()

    async def _run(self) -> None:
        async with grpc.aio.insecure_channel(self._target) as channel:
            call: Callable[..., Awaitable[bytes]] = channel.unary_unary(METHOD)
            tasks: set[asyncio.Task[None]] = set()
            begun, number = time.monotonic(), 0
            while not self._stop.is_set():
                await asyncio.sleep(max(begun + number / self._rate - time.monotonic(), 0))
                task = asyncio.create_task(self._ask(call, self._bodies[number % len(self._bodies)]))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
                number += 1
            await asyncio.gather(*tasks)

    async def _ask(self, call: Callable[..., Awaitable[bytes]], body: bytes) -> None:
        began = time.monotonic()
        self.account.sent += 1
        try:
            answer = pb.ModelInferResponse.FromString(await call(body, timeout=TIMEOUT))
        except grpc.aio.AioRpcError as error:
            self.account.lost[f"{error.code().name}: {error.details()}"] += 1
            return
        self.account.versions[answer.model_version] += 1
        self.account.latencies.append(time.monotonic() - began)
