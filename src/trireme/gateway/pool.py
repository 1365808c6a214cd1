"""Several Tritons as one: the less loaded of two takes a call, one that is away is left out until a canary answers there."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trireme.gateway.endpoint import Endpoint
from trireme.gateway.problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence

    from trireme.arrays import Array
    from trireme.gateway.endpoint import Answer, Served

    Canary = Callable[[Endpoint], Awaitable[bool]]

LOG = logging.getLogger("trireme.gateway")
RETRIES_PER_CALL = 0.1
"""What a call adds to the budget of second tries; each of them takes 1, so that a failing pool is not asked twice as much."""
MOST_RETRIES = 10.0
LEAST_SECONDS = 0.001
"""What a second try is given when nothing is left: it ends at once, by the same road."""
PROBE_SECONDS = 1.0
"""How often a Triton that is away is asked whether it is back."""


@dataclass(eq=False)
class Member:
    """One Triton of the pool."""

    endpoint: Endpoint
    running: int = 0
    away: bool = False


class Pool:
    """Calls Tritons that serve the same models; a call that found one away goes to another, once."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self.members = [Member(Endpoint(address)) for address in addresses]
        self.retries = MOST_RETRIES
        self._probing: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Close every connection."""
        if self._probing is not None:
            self._probing.cancel()
        for member in self.members:
            await member.endpoint.close()

    async def models(self, timeout: float) -> dict[str, Served]:
        """Return what the first Triton that answers serves; the others are away until a canary says otherwise.

        Raises:
            ProblemError: none answers.

        """
        last = ProblemError("unavailable", "no inference server can be reached", retry_after=1)
        for member in self.members:
            try:
                return await member.endpoint.models(timeout)
            except ProblemError as error:
                member.away, last = True, error
        raise last

    def watch(self, canary: Canary) -> None:
        """Begin to ask those that are away whether they are back."""
        self._probing = asyncio.ensure_future(self._probe(canary))

    async def infer(self, model: Served, version: str, arrays: Mapping[str, Array], seconds: float, request_id: str) -> Answer:
        """Ask a model at one Triton, and at another one when the first is away.

        Raises:
            ProblemError: the model refused or failed, or no answer came.

        """
        self.retries = min(self.retries + RETRIES_PER_CALL, MOST_RETRIES)
        first, end = self._pick(), time.monotonic() + seconds
        try:
            with _counted(first):
                return await first.endpoint.infer(model, version, arrays, seconds, request_id)
        except ProblemError as error:
            other = self._instead(first, error)
            if other is None:
                raise
        with _counted(other):
            return await other.endpoint.infer(model, version, arrays, max(end - time.monotonic(), LEAST_SECONDS), request_id)

    async def stream(
        self, model: Served, version: str, arrays: Mapping[str, Array], seconds: float, request_id: str
    ) -> AsyncIterator[Answer]:
        """Yield every answer of a model at one Triton; what has begun is not begun again elsewhere.

        Raises:
            ProblemError: the model refused or failed, or fell silent.

        """
        member = self._pick()
        with _counted(member):
            async for answer in member.endpoint.stream(model, version, arrays, seconds, request_id):
                yield answer

    def _pick(self, but: Member | None = None) -> Member:
        """Return the less loaded of two; those that are away are asked when all are."""
        here = [member for member in self.members if member is not but and not member.away]
        choice = here or [member for member in self.members if member is not but]
        return min(random.sample(choice, min(len(choice), 2)), key=lambda member: member.running)

    def _instead(self, first: Member, error: ProblemError) -> Member | None:
        """Leave a Triton out that is away, and return another for a second try where there is one and the budget allows it."""
        if error.code != "unavailable":
            return None
        first.away = True
        if self.retries < 1 or all(member.away for member in self.members):
            return None
        self.retries -= 1
        return self._pick(but=first)

    async def _probe(self, canary: Canary) -> None:
        while True:
            await asyncio.sleep(PROBE_SECONDS)
            for member in [member for member in self.members if member.away]:
                try:
                    member.away = not await canary(member.endpoint)
                except Exception:  # the probe has to outlive whatever a canary meets
                    LOG.exception("the canary of %s failed", member.endpoint.address)


@contextlib.contextmanager
def _counted(member: Member) -> Iterator[None]:
    member.running += 1
    try:
        yield
    finally:
        member.running -= 1
