"""Several Tritons as one: which of them takes a call, and which are left out until their models answer there again."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
import logging
import random
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trireme.client.wire import Address
from trireme.gateway.endpoint import AwayError, Endpoint
from trireme.gateway.names import Names, resolve
from trireme.gateway.problems import ProblemError, UnaskedError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence

    from trireme.arrays import Array
    from trireme.gateway.endpoint import Answer, Call, Served
    from trireme.gateway.names import Resolve

    Canaries = Callable[[Endpoint], Awaitable[Mapping[str, str]]]

LOG = logging.getLogger("trireme.gateway")
RETRIES_PER_CALL = 0.1
"""What a call adds to the budget of second tries; each of them takes 1, so that a failing pool is not asked twice as much."""
MOST_RETRIES = 10.0
PROBE_SECONDS = 1.0
"""How often every Triton is asked whether it lives, and one that was left out whether it answers again."""
MOST_LATE = 3
"""Calls of a model in a row that may be late at one Triton, and probes in a row that it may miss, before it is left out."""


@dataclass(eq=False)
class Member:
    """One Triton of the pool."""

    endpoint: Endpoint
    running: int = 0
    away: bool = False
    drained: bool = False
    """An operator takes it out, or puts it back."""
    lacking: set[str] = field(default_factory=set)
    """Models that do not answer here."""
    late: dict[str, int] = field(default_factory=dict)
    missed: int = 0

    def takes(self, model: str) -> bool:
        """Say whether a call of a model may go here."""
        return not (self.away or self.drained or model in self.lacking)

    @property
    def state(self) -> str:
        """What an operator is told."""
        if self.drained:
            return "drained"
        return "away" if self.away else "serving"


class Pool:
    """Calls Tritons that serve the same models; a call that found one away goes to another, once."""

    def __init__(self, addresses: Sequence[str], balance: str = "least-loaded", resolve: Resolve = resolve) -> None:
        self._names = Names(addresses, resolve)
        self.members = [Member(Endpoint(address)) for address in self._names.fixed]
        self.retries = MOST_RETRIES
        self._balance = balance
        self._turn = itertools.count()
        self._probing: asyncio.Task[None] | None = None
        self._leaving: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Close every connection."""
        if self._probing is not None:
            self._probing.cancel()
        for task in self._leaving:
            task.cancel()
        for member in self.members:
            await member.endpoint.close()

    async def discover(self) -> None:
        """Take in the Tritons that DNS has by now, and let go of those that it has no more, once their calls have ended."""
        if not self._names.change:
            return
        found = [str(Address.parse(address)) for address in await self._names.addresses()]
        known = {str(member.endpoint.address): member for member in self.members}
        self.members = [known.get(address) or Member(Endpoint(address)) for address in found]
        for address in known.keys() - set(found):
            task = asyncio.ensure_future(_leave(known[address]))
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    async def models(self, timeout: float) -> dict[str, Served]:
        """Return what the first Triton that answers serves; the others are away until a canary says otherwise.

        Raises:
            ProblemError: none answers.

        """
        if not self.members:
            await self.discover()
        last = ProblemError("unavailable", "no inference server can be reached", retry_after=1)
        for member in sorted(self.members, key=lambda member: member.state != "serving"):
            try:
                return await member.endpoint.models(timeout)
            except ProblemError as error:
                member.away = member.away or (isinstance(error, AwayError) and error.whole)
                last = error
        raise last

    def watch(self, canaries: Canaries) -> None:
        """Begin to ask all whether they live, and those that are left out whether they are back."""
        self._probing = asyncio.ensure_future(self._probe(canaries))

    async def infer(self, model: Served, arrays: Mapping[str, Array], call: Call) -> Answer:
        """Ask a model at one Triton, and at another one when the first is away.

        Raises:
            ProblemError: the model refused or failed, or no answer came.

        """
        self.retries = min(self.retries + RETRIES_PER_CALL, MOST_RETRIES)
        first = self._pick(model.name, call)
        try:
            with self._counted(first, model.name, call):
                return await first.endpoint.infer(model, arrays, call)
        except AwayError:
            other = self._instead(first, model.name, call)
            if other is None:
                raise
        with self._counted(other, model.name, call):
            return await other.endpoint.infer(model, arrays, call)

    async def stream(self, model: Served, arrays: Mapping[str, Array], call: Call) -> AsyncGenerator[Answer, None]:
        """Yield every answer of a model at one Triton; what has begun is not begun again elsewhere.

        Raises:
            ProblemError: the model refused or failed, or fell silent.

        """
        member = self._pick(model.name, call)
        with self._counted(member, model.name, call):
            async with aclosing(member.endpoint.stream(model, arrays, call)) as answers:
                async for answer in answers:
                    yield answer

    def _pick(self, model: str, call: Call, but: Member | None = None) -> Member:
        """Return the member for a call, by the pool's balance; those that are left out are asked when all are."""
        others = [member for member in self.members if member is not but]
        here = [member for member in others if member.takes(model)]
        choice = here or [member for member in others if not member.drained]
        if not choice:
            said = (
                "every inference server was taken out by an operator" if self.members else "there is no inference server by now"
            )
            raise ProblemError("unavailable", said, retry_after=1)
        if self._balance == "hash" and call.affinity:  # the highest weight wins, so that one more member moves few keys
            return max(choice, key=lambda member: _weight(call.affinity, str(member.endpoint.address)))
        if self._balance == "round-robin":
            return choice[next(self._turn) % len(choice)]
        return min(random.sample(choice, min(len(choice), 2)), key=lambda member: member.running)

    def _instead(self, first: Member, model: str, call: Call) -> Member | None:
        """Return another member for a second try where one takes it and the budget allows it."""
        if self.retries < 1 or not any(member.takes(model) for member in self.members if member is not first):
            return None
        self.retries -= 1
        return self._pick(model, call, but=first)

    @contextlib.contextmanager
    def _counted(self, member: Member, model: str, call: Call) -> Iterator[None]:
        """Count a call that runs at a member, and leave the member out when it is away or late again and again."""
        member.running += 1
        try:
            yield
            member.late.pop(model, None)
        except AwayError as error:
            if error.whole:
                member.away = True
            else:
                member.lacking.add(model)
            raise
        except ProblemError as error:
            if error.code == "deadline-exceeded" and call.patient and not isinstance(error, UnaskedError):
                member.late[model] = member.late.get(model, 0) + 1
                if member.late[model] >= MOST_LATE:
                    member.lacking.add(model)
            raise
        finally:
            member.running -= 1

    async def _probe(self, canaries: Canaries) -> None:
        while True:
            await asyncio.sleep(PROBE_SECONDS)
            await self.discover()
            await asyncio.gather(*(self._look_at(member, canaries) for member in self.members))

    async def _look_at(self, member: Member, canaries: Canaries) -> None:
        """Leave out a member that does not live; of one that was left out, ask every model that has to answer."""
        try:
            alive = await member.endpoint.live(PROBE_SECONDS)
            member.missed = 0 if alive else member.missed + 1
            if member.missed >= MOST_LATE:
                member.away = True
            if alive and (member.away or member.lacking):
                silent = await canaries(member.endpoint)
                member.lacking = set(silent)
                member.late.clear()
                member.away = False
        except Exception:  # the probe has to outlive whatever a canary meets
            LOG.exception("the canaries of %s failed", member.endpoint.address)


async def _leave(member: Member) -> None:
    """Close a member's connection once nobody is answered over it."""
    while member.running:  # noqa: ASYNC110 - calls are counted, not signalled; nobody waits for this
        await asyncio.sleep(PROBE_SECONDS)
    await member.endpoint.close()


def _weight(key: str, address: str) -> bytes:
    return hashlib.blake2b(f"{key}\0{address}".encode(), digest_size=8).digest()
