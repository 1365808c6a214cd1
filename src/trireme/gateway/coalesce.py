"""Concurrent calls of one model as one call of Triton: what arrives while others are under way goes together with the next.

Nothing waits for company. While a lane (one model, version and shape) has room, a call leaves at once; when it has none, calls
gather until one comes back. So few clients see no delay, and many cost a few large calls instead of many small ones.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from trireme.gateway.endpoint import Answer
from trireme.gateway.problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from trireme.arrays import Array
    from trireme.gateway.endpoint import Call, Served

    Ask = Callable[[Served, Mapping[str, Array], Call], Awaitable[Answer]]

AT_ONCE = 2
"""Calls of one lane that Triton has at the same time, however small they are: few, so that batches form."""
MOST_AT_ONCE = 8
"""The same for calls of half a batch and more, which fill all instances of a model."""
OF_A_ROW = {"refused-by-model", "model-failed"}
"""What one caller's rows may bring upon a batch, so that each is asked alone."""


@dataclass(eq=False)
class Ticket:
    """One caller's rows, and where its answer goes."""

    arrays: Mapping[str, Array]
    rows: int
    call: Call
    answer: asyncio.Future[Answer]


@dataclass(eq=False)
class Lane:
    """What can be joined: rows of one model and version, of one shape."""

    key: object
    model: Served
    waiting: deque[Ticket] = field(default_factory=deque)
    rows: int = 0
    """Of those that wait."""
    running: int = 0
    departing: bool = False


class Coalescer:
    """Joins calls of models that batch; others go through as they are."""

    def __init__(self, ask: Ask) -> None:
        self._ask_for = ask
        self._lanes: dict[object, Lane] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def infer(self, model: Served, arrays: Mapping[str, Array], call: Call) -> Answer:
        """Return the answer to one caller's rows; a caller that is cancelled leaves the batch, the last one ends it.

        Raises:
            ProblemError: the model refused these rows or failed, or no answer came in time.

        """
        rows = len(next(iter(arrays.values()), ()))
        if not model.batched or rows >= model.max_batch_size or call.traceparent:
            return await self._ask_for(model, arrays, call)
        shapes = tuple([array.shape[1:] for array in arrays.values()])  # the types are the model's own
        key = (id(model), call.version, call.lane, call.affinity, *arrays, shapes)
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = Lane(key, model)
        loop = asyncio.get_running_loop()
        ticket = Ticket(arrays, rows, call, loop.create_future())
        expiry = loop.call_later(call.left(), _expire, ticket)
        lane.waiting.append(ticket)
        lane.rows += rows
        if not lane.departing:  # after all that came in with it
            lane.departing = True
            loop.call_soon(self._depart, lane)
        try:
            return await ticket.answer
        finally:
            expiry.cancel()
            if ticket in lane.waiting:
                lane.waiting.remove(ticket)
                lane.rows -= rows

    def waiting(self) -> dict[str, int]:
        """Return the rows that wait here for a call, by model."""
        found: dict[str, int] = {}
        for lane in self._lanes.values():
            found[lane.model.name] = found.get(lane.model.name, 0) + lane.rows
        return found

    def _depart(self, lane: Lane) -> None:
        """Send off batches while there is room for them."""
        lane.departing = False
        while lane.waiting and (
            lane.running < AT_ONCE or (lane.running < MOST_AT_ONCE and 2 * lane.rows >= lane.model.max_batch_size)
        ):
            self._leave(lane)
        if not lane.waiting and not lane.running:
            self._lanes.pop(lane.key, None)

    def _leave(self, lane: Lane) -> None:
        """Send off what waits, as much as a batch holds; those whose callers left stay behind."""
        batch: list[Ticket] = []
        rows = 0
        while lane.waiting and (not batch or rows + lane.waiting[0].rows <= lane.model.max_batch_size):
            ticket = lane.waiting.popleft()
            lane.rows -= ticket.rows
            if not ticket.answer.done():
                batch.append(ticket)
                rows += ticket.rows
        if not batch:
            return
        lane.running += 1
        task = asyncio.ensure_future(self._run(lane, batch))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        undone = len(batch)

        def done(_: object) -> None:
            nonlocal undone
            undone -= 1
            if not undone:
                task.cancel()

        for ticket in batch:
            ticket.answer.add_done_callback(done)

    async def _run(self, lane: Lane, batch: list[Ticket]) -> None:
        """Ask Triton once for a batch, and each alone when it refuses one of them."""
        try:
            await self._ask(lane, batch)
        except ProblemError as error:
            if error.code in OF_A_ROW and len(batch) > 1:
                for first in range(0, len(batch), MOST_AT_ONCE):
                    some = [ticket for ticket in batch[first : first + MOST_AT_ONCE] if not ticket.answer.done()]
                    await asyncio.gather(*(self._alone(lane, ticket) for ticket in some))
            else:
                _fail(batch, error)
        except Exception as error:  # noqa: BLE001 - whoever waits has to hear of it
            _fail(batch, error)
        finally:
            lane.running -= 1
            self._depart(lane)

    async def _alone(self, lane: Lane, ticket: Ticket) -> None:
        try:
            await self._ask(lane, [ticket])
        except Exception as error:  # noqa: BLE001 - as above
            _fail([ticket], error)

    async def _ask(self, lane: Lane, batch: list[Ticket]) -> None:
        """Hand each caller its rows of one answer; the call has as much time as the most patient of them."""
        arrays = batch[0].arrays if len(batch) == 1 else _joined([ticket.arrays for ticket in batch])
        answer = await self._ask_for(lane.model, arrays, max((ticket.call for ticket in batch), key=_end))
        rows = sum(ticket.rows for ticket in batch)
        if any(len(array) != rows for array in answer.outputs.values()):
            raise ProblemError("model-failed", f"'{lane.model.name}' answered with another number of rows than it was asked")
        at = 0
        for ticket in batch:
            part = {name: array[at : at + ticket.rows] for name, array in answer.outputs.items()}
            at += ticket.rows
            if not ticket.answer.done():
                ticket.answer.set_result(Answer(answer.version, part))


def _joined(parts: list[Mapping[str, Array]]) -> dict[str, Array]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _end(call: Call) -> float:
    return call.end


def _expire(ticket: Ticket) -> None:
    _fail([ticket], ProblemError("deadline-exceeded", "the model did not answer within the deadline of the request"))


def _fail(batch: list[Ticket], error: Exception) -> None:
    for ticket in batch:
        if not ticket.answer.done():
            ticket.answer.set_exception(error)
