"""Answers that are kept for a while, item by item, and asked for once however many want them at the same time."""

from __future__ import annotations

import asyncio
import hashlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

from trireme.gateway.problems import REFUSED, ProblemError
from trireme.gateway.rows import Rows
from trireme.gateway.stores import Memory, Redis, Static

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from trireme.arrays import Array
    from trireme.gateway.settings import Caching
    from trireme.gateway.stores import Item, Kept

    Row = Mapping[str, Array]
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
    """The answers that are kept, wherever they are, and the items that are being asked for."""

    def __init__(self, settings: Caching) -> None:
        self._models = set(settings.models)
        self._memory = Memory(settings)
        self._redis = Redis(settings) if settings.redis else None
        self._static = Static(Path(settings.static)) if settings.static else None
        self._prepared: set[str] = set()
        self.refresh()
        self._asked: dict[bytes, asyncio.Future[Kept | None]] = {}
        self.hits = 0
        self.misses = 0

    async def close(self) -> None:
        """Close what is open."""
        if self._redis is not None:
            await self._redis.close()
        if self._static is not None:
            self._static.close()

    def refresh(self) -> None:
        """Look at which models have answers that were made beforehand."""
        if self._static is not None:
            self._prepared = self._static.models()

    def holds(self, model: str) -> bool:
        """Say whether a model's answers are kept, or were made beforehand."""
        return model in self._models or model in self._prepared

    async def get(self, model: str, items: Sequence[bytes]) -> dict[bytes, Kept]:
        """Return the answers that are kept: of the file, of this process, of Redis, in this order."""
        found = self._static.get(items) if self._static is not None and model in self._prepared else {}
        if model in self._models:
            found.update({item: kept for item in items if item not in found and (kept := self._memory.get(item))})
            missing = [item for item in items if item not in found and item not in self._asked]
            if self._redis is not None and missing:
                found.update(await self._redis.get(missing))
        self.hits += len(found)
        return found

    def flight(self, item: bytes) -> asyncio.Future[Kept | None] | None:
        """Return what somebody else asks already, as a future of its answer or of None; else the item is ours to ask."""
        flying = self._asked.get(item)
        if flying is not None:
            self.hits += 1
            return flying
        self._asked[item] = asyncio.get_running_loop().create_future()
        self.misses += 1
        return None

    async def land(self, model: str, version: str, asked: Iterable[bytes], answers: Mapping[bytes, Kept]) -> None:
        """Hand the answers to items that were ours to ask to those who wait; keep those of the version that are no refusals."""
        good = {item: kept for item, kept in answers.items() if "error" not in kept[1]}
        for item in asked:
            flying = self._asked.pop(item)
            if not flying.done():
                flying.set_result(good.get(item))
        kept = {item: one for item, one in good.items() if one[0] == version}  # another one was loaded meanwhile
        if model in self._models and kept:
            for item, one in kept.items():
                self._memory.put(item, one)
            if self._redis is not None:
                await self._redis.put(kept)


async def remembered(  # noqa: PLR0913, PLR0917 - whose items, which, and how to ask for those that are missing
    cache: Cache, model: str, version: str, keys: Sequence[bytes], rows: Iterable[Row], ask: Ask, seconds: float
) -> tuple[str, list[Item]]:
    """Return the version and an answer for each row, asking only for those that are neither kept nor asked for already.

    Raises:
        ProblemError: what `ask` raises, when the rows that are asked for have no answer.

    """
    end = time.monotonic() + seconds
    by_key = dict(zip(keys, rows, strict=True))
    found = await cache.get(model, list(by_key))
    ours: list[bytes] = []
    others: dict[bytes, asyncio.Future[Kept | None]] = {}
    for item in [item for item in by_key if item not in found]:
        if flying := cache.flight(item):
            others[item] = flying
        else:
            ours.append(item)
    made: dict[bytes, Kept] = {}
    try:
        made = await _answers(ours, keys, by_key, ask)
    except ProblemError as error:
        if error.status != REFUSED or len(by_key) == 1:
            raise
        made = {item: ("", {"error": error.table()}) for item in ours}  # as an item among others, which have their answers
    finally:
        await cache.land(model, version, ours, made)
    found.update(made)
    missed = []
    for item, flying in others.items():
        try:
            answer = await asyncio.wait_for(asyncio.shield(flying), max(end - time.monotonic(), 0.0))
        except (TimeoutError, asyncio.TimeoutError):
            raise ProblemError("deadline-exceeded", "what others had asked already did not come in time") from None
        found.update({item: answer} if answer is not None else {})
        missed += [item] if answer is None else []
    found.update(await _answers(missed, keys, by_key, ask))  # whoever asked had no answer: ask for ourselves
    return next((found[item][0] for item in keys if found[item][0]), ""), [found[item][1] for item in keys]


async def _answers(items: Sequence[bytes], keys: Sequence[bytes], by_key: Mapping[bytes, Row], ask: Ask) -> dict[bytes, Kept]:
    if not items:
        return {}
    first = {item: number for number, item in reversed(list(enumerate(keys)))}
    version, answers = await ask(Rows.of([by_key[item] for item in items], [first[item] for item in items]))
    return {item: (version, answer) for item, answer in zip(items, answers, strict=True)}
