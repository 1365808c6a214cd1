"""Answers that are kept for a while, item by item, and asked for once however many want them at the same time."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np

from trireme.gateway.problems import ProblemError
from trireme.gateway.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from trireme.arrays import Array
    from trireme.gateway.settings import Caching

    Row = Mapping[str, Array]
    Item = dict[str, object]
    Ask = Callable[[Rows], Awaitable[tuple[str, list[Item]]]]


def key(model: str, version: str, row: Mapping[str, Array]) -> bytes:
    """Return what two equal items of one model and version share."""
    made = hashlib.blake2b(f"{model}\0{version}".encode(), digest_size=16)
    for name in sorted(row):
        array = row[name]
        made.update(f"\0{name}\0{array.dtype.str}\0{array.shape}\0".encode())
        if array.dtype.hasobject:
            for item in array.flat:
                made.update(len(item).to_bytes(8, "little"))
                made.update(item)
        else:
            made.update(array.tobytes())
    return made.digest()


class Cache:
    """The answers of the models that the settings name, the least used of them dropped first."""

    def __init__(self, settings: Caching) -> None:
        self._settings = settings
        self._kept: OrderedDict[bytes, tuple[float, str, Item]] = OrderedDict()
        self._asked: dict[bytes, asyncio.Future[tuple[str, Item] | None]] = {}
        self.hits = 0
        self.misses = 0

    def holds(self, model: str) -> bool:
        """Say whether a model's answers are kept."""
        return model in self._settings.models

    def get(self, item: bytes) -> tuple[str, Item] | None:
        """Return an answer that is kept and not too old, with the version that gave it."""
        found = self._kept.get(item)
        if found is None or found[0] < time.monotonic():
            return None
        self._kept.move_to_end(item)
        self.hits += 1
        return found[1:]

    def flight(self, item: bytes) -> asyncio.Future[tuple[str, Item] | None] | None:
        """Return what somebody else asks already, as a future of its answer or of None; else the item is ours to ask."""
        flying = self._asked.get(item)
        if flying is not None:
            self.hits += 1
            return flying
        self._asked[item] = asyncio.get_running_loop().create_future()
        self.misses += 1
        return None

    def land(self, item: bytes, version: str, answer: Item | None) -> None:
        """Keep the answer to an item that was ours to ask, and hand it to those who wait; a refusal is not kept."""
        flying = self._asked.pop(item)
        good = answer is not None and "error" not in answer
        if not flying.done():
            flying.set_result((version, answer) if answer is not None and good else None)
        if answer is not None and good:
            own = {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in answer.items()}
            self._kept[item] = time.monotonic() + self._settings.ttl_seconds, version, own  # a view would keep the whole batch
            while len(self._kept) > self._settings.entries:
                self._kept.popitem(last=False)


async def remembered(
    cache: Cache, keys: Sequence[bytes], rows: Iterable[Row], ask: Ask, seconds: float
) -> tuple[str, list[Item]]:
    """Return the version and an answer for each row, asking only for those that are neither kept nor asked for already.

    Raises:
        ProblemError: what `ask` raises, when the rows that are asked for have no answer.

    """
    end = time.monotonic() + seconds
    found: dict[bytes, tuple[str, Item]] = {}
    ours: dict[bytes, Row] = {}
    others: dict[bytes, asyncio.Future[tuple[str, Item] | None]] = {}
    for item, row in zip(keys, rows, strict=True):
        if item in found or item in ours or item in others:
            continue
        if kept := cache.get(item):
            found[item] = kept
        elif flying := cache.flight(item):
            others[item] = flying
        else:
            ours[item] = row
    try:
        version, answers = await ask(Rows.of(list(ours.values()))) if ours else ("", [])
        found.update({item: (version, answer) for item, answer in zip(ours, answers, strict=True)})
    finally:
        for item in ours:
            cache.land(item, *found.get(item, ("", None)))
    missed = []
    for item, flying in others.items():
        try:
            answer = await asyncio.wait_for(asyncio.shield(flying), max(end - time.monotonic(), 0.0))
        except (TimeoutError, asyncio.TimeoutError):
            raise ProblemError("deadline-exceeded", "what others had asked already did not come in time") from None
        found.update({item: answer} if answer is not None else {})
        missed += [item] if answer is None else []
    if missed:  # whoever asked had no answer: ask for ourselves
        by_key = dict(zip(keys, rows, strict=True))
        version, answers = await ask(Rows.of([by_key[item] for item in missed]))
        found.update({item: (version, answer) for item, answer in zip(missed, answers, strict=True)})
    return found[keys[0]][0], [found[item][1] for item in keys]
