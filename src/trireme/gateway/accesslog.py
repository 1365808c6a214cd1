"""The access log: a line of JSON for each answer, those of one turn of the loop written together.

Python's logging would take a tenth of a request's time.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from typing import IO


class AccessLog:
    """Lines on their way to a stream."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._lines: list[bytes] = []

    def add(self, row: dict[str, Any]) -> None:
        """Write a row once the loop has time."""
        if not self._lines:
            asyncio.get_running_loop().call_soon(self.flush)
        self._lines.append(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))

    def flush(self) -> None:
        """Write what waits; a stream that nobody reads any more ends no request."""
        if not self._lines:
            return
        text, self._lines = b"".join(self._lines), []
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            return
