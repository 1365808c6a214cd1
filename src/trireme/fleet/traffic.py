"""Requests at a constant rate, whatever came of those before (an open loop), each of them with a name and accounted for."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import grpc
from tritonclient.grpc import service_pb2 as pb

from trireme.tune.load import METHOD

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence
    from types import TracebackType

    from typing_extensions import Self

TIMEOUT = 10.0
NAME = "x-request-id"
"""The header that names a request."""


@dataclass
class Account:
    """What became of requests: how many were sent, answered by version, why each was lost, latencies of the answered [s]."""

    sent: int = 0
    versions: Counter[str] = field(default_factory=Counter)
    lost: dict[str, str] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)

    @property
    def answered(self) -> int:
        """Return how many were answered."""
        return sum(self.versions.values())

    def add(self, other: Account) -> None:
        """Take another account into this one."""
        self.sent += other.sent
        self.versions += other.versions
        self.lost |= other.lost
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
        self.open: set[str] = set()
        """The requests that are in flight now."""
        self._name = uuid.uuid4().hex
        self._target, self._bodies, self._rate = address.removeprefix("grpc://"), bodies, rate
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="traffic", daemon=True)

    def named(self, numbers: Iterable[int]) -> set[str]:
        """Return the names of requests by their numbers, the first sent 0."""
        return {f"{self._name}-{number}" for number in numbers}

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
                task = asyncio.create_task(self._ask(call, number))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
                number += 1
            await asyncio.gather(*tasks)

    async def _ask(self, call: Callable[..., Awaitable[bytes]], number: int) -> None:
        began, (name,) = time.monotonic(), self.named([number])
        self.account.sent += 1
        self.open.add(name)
        try:
            body = self._bodies[number % len(self._bodies)]
            answer = pb.ModelInferResponse.FromString(await call(body, timeout=TIMEOUT, metadata=[(NAME, name)]))
        except grpc.aio.AioRpcError as error:
            self.account.lost[name] = f"{error.code().name}: {error.details()}"
            return
        finally:
            self.open.discard(name)
        self.account.versions[answer.model_version] += 1
        self.account.latencies.append(time.monotonic() - began)
