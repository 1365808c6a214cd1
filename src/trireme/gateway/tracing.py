"""Spans of the gateway: which requests are traced, what of them, and where the spans go.

Few are traced: a share, and those whose caller asks. A traced call is not joined with others, so that what is seen is its own.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    TraceFlags,
    format_span_id,
    format_trace_id,
    set_span_in_context,
)

from trireme.gateway import timing
from trireme.gateway.admission import Rates
from trireme.gateway.problems import ProblemError
from trireme.gateway.settings import Admission
from trireme.gateway.traces import Span, Store, received

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

    from opentelemetry.sdk.trace import ReadableSpan
    from starlette.types import Receive, Scope, Send

    from trireme.gateway.settings import Tracing as TracingSettings

PARENT = re.compile(r"00-(?P<trace>(?!0{32})[0-9a-f]{32})-(?P<span>(?!0{16})[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})")
ASKED = b"x-server-timing"
"""The header by which a client asks where the time of its request went."""
WAIT_SECONDS = 1.0
"""How long an answer waits for Triton's spans, when its client asked for them."""
MOST_MISSED = 3
"""Waits in vain, after which none waits until spans of Triton come again."""
LOOK_SECONDS = 0.005
RELAY_SECONDS = 2
MOST_RELAYED = 16
"""Bodies on their way to a collector at once; more are not sent on, when it is slow."""
OK, UNKNOWN, UNSUPPORTED = 200, 404, 415
TYPES = ("application/json", "application/x-protobuf")
MOST_BYTES = 4 * 1024 * 1024


class Trace:
    """The spans of one request."""

    def __init__(self, tracer: Any, parent: SpanContext | None, *, timed: bool) -> None:  # noqa: ANN401 - OpenTelemetry's
        context = set_span_in_context(NonRecordingSpan(parent)) if parent is not None else None
        self._tracer = tracer
        self.root = tracer.start_span("request", context, kind=SpanKind.SERVER)
        self._inside = set_span_in_context(self.root)
        self.timed = timed
        self.calls = 0

    @property
    def id(self) -> str:
        """The trace's id, in hexadecimal."""
        return format_trace_id(self.root.get_span_context().trace_id)

    @property
    def root_id(self) -> str:
        """The request's own span's id, in hexadecimal."""
        return format_span_id(self.root.get_span_context().span_id)

    @contextmanager
    def span(self, name: str, kind: SpanKind = SpanKind.INTERNAL) -> Iterator[str]:
        """Time a part of the request, and yield its traceparent."""
        span = self._tracer.start_span(name, self._inside, kind=kind)
        self.calls += name == timing.CALL
        try:
            yield f"00-{self.id}-{format_span_id(span.get_span_context().span_id)}-01"
        finally:
            span.end()


class Tracing:
    """The gateway's tracer, its store, and the door for spans of others."""

    def __init__(self, settings: TracingSettings) -> None:
        self._share = settings.sample
        rate = settings.most_per_second
        self._most = Rates(Admission(rate_per_key=rate, burst_per_key=max(int(rate), 1)))
        self._missed = 0
        self._relay = settings.otlp
        self._relaying: set[asyncio.Future[None]] = set()
        self._relays = ThreadPoolExecutor(2, "relay")
        self.store = Store(Path(settings.store), settings.keep)
        self._provider = TracerProvider(resource=Resource.create({"service.name": "trireme-gateway"}))
        self._provider.add_span_processor(_ToStore(self.store))
        if settings.otlp:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - where it is wanted

            self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=settings.otlp)))
        self._tracer = self._provider.get_tracer("trireme.gateway")

    def close(self) -> None:
        """Send what waits, and close the store."""
        self._provider.shutdown()
        self._relays.shutdown(wait=False, cancel_futures=True)
        self.store.close()

    def begin(self, headers: Mapping[bytes, bytes], caller: str = "") -> Trace | None:
        """Return a trace for a request whose caller asks for one, whose parent is sampled, or that is one of the share."""
        timed = ASKED in headers
        parent = PARENT.fullmatch(headers.get(b"traceparent", b"").decode("latin-1"))
        sampled = parent is not None and int(parent["flags"], 16) & TraceFlags.SAMPLED
        drawn = random.random() < self._share  # noqa: S311 - no secret
        if not (timed or sampled or drawn):
            return None
        try:
            self._most.take(caller)
        except ProblemError:
            return None
        context = None
        if parent is not None:
            flags = TraceFlags(TraceFlags.SAMPLED)
            context = SpanContext(int(parent["trace"], 16), int(parent["span"], 16), is_remote=True, trace_flags=flags)
        return Trace(self._tracer, context, timed=timed)

    async def timing(self, trace: Trace) -> str:
        """End a trace, wait for Triton's spans of it, and return where the time went as a Server-Timing header.

        Without Triton's spans (it was not started to trace) it says the gateway's own part and what was not seen.
        """
        trace.root.end()
        end = time.monotonic() + (WAIT_SECONDS if self._missed < MOST_MISSED else 0.0)
        while True:
            spans = self.store.below(trace.id, trace.root_id)
            fronts = {one.parent_id for one in spans if one.name == "InferRequest"}
            if len(fronts) >= trace.calls:
                self._missed = 0
                break
            if time.monotonic() > end:
                self._missed += 1
                break
            await asyncio.sleep(LOOK_SECONDS)
        return timing.header(timing.parts(spans))

    async def receiver(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take spans of others: an ASGI application for loopback, POST /v1/traces."""
        status, body, message = OK, b"", await receive()
        while message["type"] == "http.request" and len(body) <= MOST_BYTES:
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
            message = await receive()
        content_type = dict(scope["headers"]).get(b"content-type", b"").decode("latin-1")
        if scope["method"] != "POST" or scope["path"] != "/v1/traces" or len(body) > MOST_BYTES:
            status = UNKNOWN
        elif not content_type.startswith(TYPES):  # what a page may send without asking first
            status = UNSUPPORTED
        else:
            try:
                self.store.add(received(body, content_type))
                self._missed = 0
            except ProblemError as error:
                status = error.status
            if self._relay and status == OK and len(self._relaying) < MOST_RELAYED:
                task = asyncio.get_running_loop().run_in_executor(self._relays, _relay, self._relay, body, content_type)
                self._relaying.add(task)
                task.add_done_callback(self._relaying.discard)
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": b"{}"})


def span(trace: Trace | None, name: str, kind: SpanKind = SpanKind.INTERNAL) -> AbstractContextManager[str]:
    """Time a part of a request when it is traced."""
    return trace.span(name, kind) if trace is not None else nullcontext("")


class _ToStore(SpanProcessor):
    """Puts each span that ends into the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def on_end(self, span: ReadableSpan) -> None:
        context, parent = span.get_span_context(), span.parent
        if context is None:
            return
        ids = format_trace_id(context.trace_id), format_span_id(context.span_id)
        above = format_span_id(parent.span_id) if parent else ""
        times = span.start_time or 0, span.end_time or 0
        self._store.add([Span(*ids, above, span.name, *times, "gateway", dict(span.attributes or {}))])


def _relay(url: str, body: bytes, content_type: str) -> None:
    request = urllib.request.Request(url, body, {"content-type": content_type})  # noqa: S310 - the operator's own address
    try:
        urllib.request.urlopen(request, timeout=RELAY_SECONDS).close()  # noqa: S310 - as above
    except OSError:
        return  # the collector is away; the store has them
