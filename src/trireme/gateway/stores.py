"""Where answers are kept: in this process, in a Redis that several gateways share, in a file that was filled beforehand.

A kept answer is its version and its item as JSON has it, under the key of model, version and input (trireme.gateway.cache.key).
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections import OrderedDict
from contextlib import closing
from typing import TYPE_CHECKING, Any

import orjson

from trireme.errors import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from trireme.gateway.settings import Caching

    Item = dict[str, object]
    Kept = tuple[str, Item]

LOG = logging.getLogger("trireme.gateway")
PREFIX = b"trireme:1:"
"""In front of every key in Redis; the number changes with what is kept."""
REDIS_SECONDS = 0.1
"""A Redis that takes longer costs more than it saves."""
SILENT_SECONDS = 5.0
"""A Redis that failed is left alone for so long."""
AT_ONCE = 500
"""Keys in one question to SQLite."""


class Memory:
    """The answers of this process, the least used of them dropped first."""

    def __init__(self, settings: Caching) -> None:
        self._settings = settings
        self._kept: OrderedDict[bytes, tuple[float, bytes]] = OrderedDict()
        self._bytes = 0

    def get(self, item: bytes) -> Kept | None:
        """Return an answer that is not too old."""
        found = self._kept.get(item)
        if found is None or found[0] < time.monotonic():
            return None
        self._kept.move_to_end(item)
        return _kept(found[1])

    def put(self, item: bytes, kept: Kept) -> None:
        """Keep an answer, unless it is larger than all that may be kept."""
        data = _json(kept)
        if len(data) > self._settings.bytes:
            return
        self._bytes += len(data) - len(self._kept.pop(item, (0.0, b""))[1])
        self._kept[item] = time.monotonic() + self._settings.ttl_seconds, data
        while len(self._kept) > self._settings.entries or self._bytes > self._settings.bytes:
            self._bytes -= len(self._kept.popitem(last=False)[1][1])


class Redis:
    """The answers that gateways share; while it is away, each has its own."""

    def __init__(self, settings: Caching) -> None:
        import redis.asyncio  # noqa: PLC0415 - needed where it is configured

        self._ttl = max(int(settings.ttl_seconds * 1000), 1)
        self._client: Any = redis.asyncio.Redis.from_url(
            settings.redis, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS
        )
        self._away = redis.RedisError, OSError
        self._silent_until = 0.0

    async def get(self, items: Sequence[bytes]) -> dict[bytes, Kept]:
        """Return the answers that it has."""
        if time.monotonic() < self._silent_until:
            return {}
        try:
            rows = await self._client.mget([PREFIX + item for item in items])
        except self._away as error:
            return self._leave(error)
        return {item: _kept(row) for item, row in zip(items, rows, strict=True) if row is not None}

    async def put(self, kept: Mapping[bytes, Kept]) -> None:
        """Keep answers."""
        if time.monotonic() < self._silent_until:
            return
        try:
            async with self._client.pipeline(transaction=False) as pipe:
                for item, one in kept.items():
                    pipe.set(PREFIX + item, _json(one), px=self._ttl)
                await pipe.execute()
        except self._away as error:
            self._leave(error)

    async def close(self) -> None:
        """Hang up."""
        await self._client.aclose()

    def _leave(self, error: Exception) -> dict[bytes, Kept]:
        """Leave it alone for a while; its address may hold a password, and is not written."""
        self._silent_until = time.monotonic() + SILENT_SECONDS
        LOG.warning("redis is away (%s): answers are kept here alone", type(error).__name__)
        return {}


class Static:
    """The answers of a file, which stay until they are made anew; written by `trireme gateway precompute`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = sqlite3.connect(path, isolation_level=None)
            self._file.execute("PRAGMA journal_mode = WAL")
            self._file.execute("CREATE TABLE IF NOT EXISTS kept (item BLOB PRIMARY KEY, model TEXT, answer BLOB) WITHOUT ROWID")
        except sqlite3.Error as error:
            raise UnreadableError(
                str(path), str(error), "its folder has to be there, and `trireme gateway precompute` writes it"
            ) from None

    def models(self) -> set[str]:
        """Return the models of which it has answers."""
        return {row[0] for row in self._file.execute("SELECT DISTINCT model FROM kept")}

    def get(self, items: Sequence[bytes]) -> dict[bytes, Kept]:
        """Return the answers that it has."""
        found = {}
        for first in range(0, len(items), AT_ONCE):
            some = items[first : first + AT_ONCE]
            marks = ",".join("?" * len(some))
            rows = self._file.execute(f"SELECT item, answer FROM kept WHERE item IN ({marks})", some)  # noqa: S608 - question marks
            found.update({item: _kept(answer) for item, answer in rows})
        return found

    def put(self, model: str, kept: Iterable[tuple[bytes, Kept]]) -> None:
        """Keep answers of a model, all of them or none."""
        with closing(self._file.cursor()) as cursor:
            cursor.execute("BEGIN")
            cursor.executemany("REPLACE INTO kept VALUES (?, ?, ?)", [(item, model, _json(one)) for item, one in kept])
            cursor.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _json(kept: Kept) -> bytes:
    return orjson.dumps(kept, option=orjson.OPT_SERIALIZE_NUMPY)


def _kept(data: bytes) -> Kept:
    version, item = orjson.loads(data)
    return version, item
