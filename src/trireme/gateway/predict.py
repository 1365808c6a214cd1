"""A request of many items as calls of Triton: batches of one shape, and an answer for each item."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from trireme.gateway.problems import REFUSED, ProblemError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from trireme.arrays import Array
    from trireme.gateway.endpoint import Answer
    from trireme.gateway.rows import Rows
    from trireme.gateway.schema import Schema

    Ask = Callable[[Mapping[str, Array]], Awaitable[Answer]]


async def predict(model: Schema, rows: Rows, ask: Ask) -> tuple[str, list[dict[str, object]]]:
    """Return the version that answered and an object for each item: its outputs, or `{"error": problem}`.

    A batch that the model refuses is asked again item by item, so that only the items that are wrong are refused.

    Raises:
        ProblemError: no item was answered, and not for the items' own sake.

    """
    groups = list(rows.groups(max(model.served.max_batch_size, 1)))
    if len(groups) == 1:
        return await _ask(model, rows, groups[0], ask)
    found: list[dict[str, object]] = [{} for _ in range(len(rows))]
    version, failures = "", list[ProblemError]()
    room = asyncio.Semaphore(AT_ONCE)

    async def in_turn(group: Sequence[int]) -> tuple[str, list[dict[str, object]]]:
        async with room:
            return await _ask(model, rows, group, ask)

    answers = await asyncio.gather(*map(in_turn, groups), return_exceptions=True)
    for group, answer in zip(groups, answers, strict=True):
        if isinstance(answer, ProblemError):
            failures.append(answer)
            for number in group:
                found[number] = {"error": _placed(answer, rows.places[number]).table()}
        elif isinstance(answer, BaseException):
            raise answer
        else:
            version = answer[0] or version
            for number, row in zip(group, answer[1], strict=True):
                found[number] = row
    if len(failures) == len(groups) and (len(rows) == 1 or failures[0].status != REFUSED):
        raise failures[0]
    return version, found


ROW = re.compile(r"row \d+:? ")
"""What a model says of its batch: which item it was is known here alone."""
AT_ONCE = 4
"""Batches of one request that are under way together: a large request takes its turn, and not every place of its model."""


async def _ask(model: Schema, rows: Rows, group: Sequence[int], ask: Ask) -> tuple[str, list[dict[str, object]]]:
    """Return the version and the items' objects of one batch."""
    try:
        answer = await ask(rows.batch(group) if model.served.batched else rows[group[0]])
    except ProblemError as error:
        if error.status != REFUSED:
            raise
        if len(group) == 1:
            raise _placed(error, rows.places[group[0]]) from None
        alone = [await _alone(model, rows, number, ask) for number in group]
        return next((version for version, _ in alone if version), ""), [row for _, row in alone]
    return answer.version, list(model.rows(answer.outputs))


async def _alone(model: Schema, rows: Rows, number: int, ask: Ask) -> tuple[str, dict[str, object]]:
    try:
        answer = await ask(rows.batch([number]))
    except ProblemError as error:
        return "", {"error": _placed(error, rows.places[number]).table()}
    return answer.version, next(model.rows(answer.outputs))


def _placed(error: ProblemError, number: int) -> ProblemError:
    """Return a refusal with its item's place in the request, in place of a row's in its batch."""
    fields = [(f"items.{number}.{field}", ROW.sub("", message)) for field, message in error.fields]
    return ProblemError(error.code, error.detail, fields=fields, retry_after=error.retry_after)
