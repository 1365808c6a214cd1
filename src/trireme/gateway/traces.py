"""A store of spans on this machine: the gateway's own, Triton's, and those of models; old ones are dropped.

Spans come as OpenTelemetry's OTLP over HTTP, JSON or protobuf, from senders on loopback.
https://opentelemetry.io/docs/specs/otlp/#otlphttp
"""

from __future__ import annotations

import base64
import logging
import sqlite3
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import orjson
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from trireme.errors import UnreadableError
from trireme.gateway.problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

LOG = logging.getLogger("trireme.gateway")
REQUEST = "request.id"
"""The attribute of a request's own span."""
MOST_SPANS = 2_000
"""Spans of one trace that are looked at."""
BELOW = """
WITH RECURSIVE below(span) AS (
    VALUES (?1)
    UNION SELECT spans.span FROM spans JOIN below ON spans.above = below.span WHERE spans.trace = ?2 LIMIT ?3
)
SELECT row FROM spans JOIN below USING (span) WHERE trace = ?2
"""
"""A span and those under it, by their ids alone: a trace may hold many requests."""
LAYOUT = 2
"""Of the file; spans in another one are dropped."""
PRUNED_EVERY = 256
"""Writes between two looks at what is too old."""


@dataclass(frozen=True)
class Span:
    """Something that took time: times are in nanoseconds since 1970, events are (name, time)."""

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    begun: int
    ended: int
    service: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    events: tuple[tuple[str, int], ...] = ()

    @property
    def ms(self) -> float:
        """How long it took, in milliseconds."""
        return (self.ended - self.begun) / 1e6

    def between(self, first: str, last: str) -> float:
        """Return the milliseconds between two events; 0 when one is missing."""
        times = dict(self.events)
        return (times[last] - times[first]) / 1e6 if first in times and last in times else 0.0


class Store:
    """A SQLite file of spans; used from any thread."""

    def __init__(self, path: Path, keep: int = 200_000) -> None:
        self._keep = keep
        self._lock = threading.Lock()
        self._writes = 0
        self._failed = False
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._file = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._file.execute("PRAGMA journal_mode = WAL")
            self._file.execute("PRAGMA synchronous = OFF")
            if self._file.execute("PRAGMA user_version").fetchone()[0] != LAYOUT:
                self._file.execute("DROP TABLE IF EXISTS spans")
                self._file.execute(f"PRAGMA user_version = {LAYOUT}")
            columns = "trace TEXT, span TEXT, above TEXT, begun INTEGER, request TEXT, row BLOB, PRIMARY KEY (trace, span)"
            self._file.execute(f"CREATE TABLE IF NOT EXISTS spans ({columns})")
            self._file.execute("CREATE INDEX IF NOT EXISTS children ON spans (trace, above)")
            self._file.execute("CREATE INDEX IF NOT EXISTS requests ON spans (request, begun) WHERE request != ''")
        except sqlite3.Error as error:
            raise UnreadableError(str(path), str(error), "it is a file of the gateway's, tracing.store; remove it") from None

    def add(self, spans: Iterable[Span]) -> None:
        """Keep spans."""
        rows = [
            (one.trace_id, one.span_id, one.parent_id, one.begun, one.attributes.get(REQUEST, ""), orjson.dumps(one))
            for one in spans
        ]
        try:
            with self._lock:
                self._file.executemany("REPLACE INTO spans VALUES (?, ?, ?, ?, ?, ?)", rows)
                self._writes += 1
                if self._writes % PRUNED_EVERY == 0:
                    self._prune()
        except sqlite3.Error as error:  # a full disk costs traces, and no request
            if not self._failed:
                LOG.warning("spans are not kept: %s", error)
            self._failed = True

    def below(self, trace_id: str, root_id: str) -> list[Span]:
        """Return a span of a trace and those below it, in the order of their begin; a trace may hold many requests."""
        rows = self._ask(BELOW, (root_id, trace_id, MOST_SPANS))
        return sorted((_span(orjson.loads(row)) for (row,) in rows), key=lambda one: one.begun)

    def of_request(self, request_id: str) -> list[Span]:
        """Return the spans of the last request of an id; none when it was not traced."""
        query = "SELECT trace, span FROM spans WHERE request = ? AND request != '' ORDER BY begun DESC LIMIT 1"
        found = self._ask(query, (request_id,))
        return self.below(*found[0]) if found else []

    def latest(self, count: int) -> list[Span]:
        """Return the spans of the latest requests themselves, the newest first."""
        query = "SELECT row FROM spans WHERE request != '' ORDER BY begun DESC LIMIT ?"
        return [_span(orjson.loads(row)) for (row,) in self._ask(query, (count,))]

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()

    def _ask(self, query: str, values: tuple[object, ...]) -> list[Any]:
        try:
            with self._lock:
                return self._file.execute(query, values).fetchall()
        except sqlite3.Error as error:
            LOG.warning("spans cannot be read: %s", error)
            return []

    def _prune(self) -> None:
        self._file.execute("DELETE FROM spans WHERE rowid <= (SELECT max(rowid) FROM spans) - ?", (self._keep,))


def received(body: bytes, content_type: str) -> list[Span]:
    """Return the spans of an OTLP request.

    Raises:
        ProblemError: it is none.

    """
    try:
        if content_type.startswith("application/x-protobuf"):
            table = MessageToDict(ExportTraceServiceRequest.FromString(body))
            return [_of_proto(one) for one in _spans(table)]
        return list(_spans(orjson.loads(body)))
    except (DecodeError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProblemError("malformed-request", f"this is no OTLP request ({type(error).__name__})") from None


def _spans(table: Mapping[str, Any]) -> Iterator[Span]:
    for resource in table.get("resourceSpans", []):
        service = str(_attributes(resource.get("resource", {})).get("service.name", ""))
        for scope in resource.get("scopeSpans", []):
            for row in scope["spans"]:
                events = tuple((str(event["name"]), int(event["timeUnixNano"])) for event in row.get("events", []))
                times = int(row["startTimeUnixNano"]), int(row["endTimeUnixNano"])
                ids = str(row["traceId"]), str(row["spanId"]), str(row.get("parentSpanId", ""))
                yield Span(*ids, str(row["name"]), *times, service, _attributes(row), events)


def _attributes(row: Mapping[str, Any]) -> dict[str, Any]:
    return {str(one["key"]): next(iter(one["value"].values()), "") for one in row.get("attributes", [])}


def _of_proto(span: Span) -> Span:
    """Return a span with ids in hexadecimal: JSON of protobuf has bytes in base64."""
    trace_id, span_id, parent_id = (base64.b64decode(one).hex() for one in (span.trace_id, span.span_id, span.parent_id))
    return replace(span, trace_id=trace_id, span_id=span_id, parent_id=parent_id)


def _span(row: dict[str, Any]) -> Span:
    return Span(**{**row, "events": tuple((name, time) for name, time in row["events"])})
