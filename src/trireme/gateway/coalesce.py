"""Concurrent calls of one model as one call of Triton: what arrives while others are under way goes together with the next.

Nothing waits for company. While a lane (one model, version and shape) has room, a call leaves at once; when it has none, calls
gather until one comes back. So few clients see no delay, and many cost a few large calls instead of many small ones.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from trireme.gateway.endpoint import Answer
from trireme.gateway.problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from trireme.arrays import Array
    from trireme.gateway.endpoint import Served

    Call = Callable[[Served, str, Mapping[str, Array], float, str], Awaitable[Answer]]

AT_ONCE = 4
"""Calls of one lane that Triton has at the same time: enough for its instances, few enough that batches form."""
OF_A_ROW = {"refused-by-model", "model-failed"}
"""What one caller's rows may bring upon a batch, so that each is asked alone."""


@dataclass(eq=False)
class Ticket:
    """One caller's rows, and where its answer goes."""

    arrays: Mapping[str, Array]
    rows: int
    end: float
    request_id: str
    answer: asyncio.Future[Answer]


@dataclass(eq=False)
class Lane:
    """What can be joined: rows of one model and version, of one shape."""

    key: object
    model: Served
    version: str
    waiting: deque[Ticket] = field(default_factory=deque)
    running: int = 0


class Coalescer:
    """Joins calls of models that batch; others go through as they are."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._lanes: dict[object, Lane] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def infer(self, model: Served, version: str, arrays: Mapping[str, Array], seconds: float, request_id: str) -> Answer:
        """Return the answer to one caller's rows; a caller that is cancelled leaves the batch, the last one ends it.

        Raises:
            ProblemError: the model refused these rows or failed, or no answer came in time.

        """
        rows = len(next(iter(arrays.values()), ()))
        if not model.batched or rows >= model.max_batch_size:
            return await self._call(model, version, arrays, seconds, request_id)
        shapes = tuple([array.shape[1:] for array in arrays.values()])  # the types are the model's own
        key = (model.name, version, *arrays, shapes)
        lane = self._lanes.setdefault(key, Lane(key, model, version))
        ticket = Ticket(arrays, rows, time.monotonic() + seconds, request_id, asyncio.get_running_loop().create_future())
        lane.waiting.append(ticket)
        if lane.running < AT_ONCE:
            self._leave(lane)
        try:
            return await asyncio.wait_for(ticket.answer, seconds)
        except (TimeoutError, asyncio.TimeoutError):
            raise ProblemError("deadline-exceeded", "the model did not answer within the deadline of the request") from None
        finally:
            if ticket in lane.waiting:
                lane.waiting.remove(ticket)

    def _leave(self, lane: Lane) -> None:
        """Send off what waits, as much as a batch holds; those whose callers left stay behind."""
        batch: list[Ticket] = []
        rows = 0
        while lane.waiting and rows + lane.waiting[0].rows <= lane.model.max_batch_size:
            ticket = lane.waiting.popleft()
            if not ticket.answer.done():
                batch.append(ticket)
                rows += ticket.rows
        if not batch:
            return
        lane.running += 1
        task = asyncio.ensure_future(self._run(lane, batch))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        for ticket in batch:
            ticket.answer.add_done_callback(lambda _: task.cancel() if all(one.answer.done() for one in batch) else None)

    async def _run(self, lane: Lane, batch: list[Ticket]) -> None:
        """Ask Triton once for a batch, and each alone when it refuses one of them."""
        try:
            await self._ask(lane, batch)
        except ProblemError as error:
            if error.code in OF_A_ROW and len(batch) > 1:
                await asyncio.gather(*(self._alone(lane, ticket) for ticket in batch))
            else:
                _fail(batch, error)
        except Exception as error:  # noqa: BLE001 - whoever waits has to hear of it
            _fail(batch, error)
        finally:
            lane.running -= 1
            if lane.waiting:
                self._leave(lane)
            elif not lane.running:
                self._lanes.pop(lane.key, None)

    async def _alone(self, lane: Lane, ticket: Ticket) -> None:
        try:
            await self._ask(lane, [ticket])
        except Exception as error:  # noqa: BLE001 - as above
            _fail([ticket], error)

    async def _ask(self, lane: Lane, batch: list[Ticket]) -> None:
        """Hand each caller its rows of one answer; the call has as much time as the most patient of them."""
        first = batch[0]
        arrays = first.arrays if len(batch) == 1 else _joined([ticket.arrays for ticket in batch])
        seconds = max(max(ticket.end for ticket in batch) - time.monotonic(), 0.001)
        answer = await self._call(lane.model, lane.version, arrays, seconds, first.request_id)
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


def _fail(batch: list[Ticket], error: Exception) -> None:
    for ticket in batch:
        if not ticket.answer.done():
            ticket.answer.set_exception(error)
