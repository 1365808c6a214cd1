"""The gateway itself: how a request becomes calls of Triton, within its time, its lane and the room of its model."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from opentelemetry.trace import SpanKind

from trireme.gateway.access import Access, lane
from trireme.gateway.accesslog import AccessLog
from trireme.gateway.cache import Cache, key, remembered
from trireme.gateway.catalog import Catalog
from trireme.gateway.coalesce import Coalescer
from trireme.gateway.endpoint import Call
from trireme.gateway.metrics import Metrics
from trireme.gateway.pool import Pool
from trireme.gateway.predict import predict
from trireme.gateway.problems import ProblemError, UnaskedError
from trireme.gateway.timing import CALL, FORWARD
from trireme.gateway.tracing import Tracing, span

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from starlette.requests import Request

    from trireme.arrays import Array
    from trireme.gateway.catalog import Model
    from trireme.gateway.endpoint import Answer, Endpoint
    from trireme.gateway.rows import Rows
    from trireme.gateway.settings import Settings

LOG = logging.getLogger("trireme.gateway")
CANARY_SECONDS = 5.0
CANARY_HOLDS = 1.0
"""Seconds for which a canary's word is believed: probes come often, and each would be work."""
BUDGET = "x-request-timeout"
"""The header with the seconds that a client gives its request."""
PATIENT_SHARE = 0.9
"""Of the default deadline: a client that gives so much gives enough."""
PRIORITY = "x-priority"
"""The header with the lane that a client asks for: high, normal or low."""


class Gateway:
    """One gateway in front of one Triton or several that serve the same; made by `connect`."""

    def __init__(self, settings: Settings, pool: Pool) -> None:
        self.settings = settings
        self.pool = pool
        self.coalescer = Coalescer(pool.infer)
        self.metrics = Metrics()
        self.log = AccessLog(sys.stdout.buffer)
        self.access = Access(settings)
        self.catalog = Catalog(settings)
        self.cache = Cache(settings.cache)
        self.tracing = Tracing(settings.tracing)
        self.streams = 0
        self._ready: tuple[float, dict[str, str]] = (-CANARY_HOLDS, {})
        self._asking = asyncio.Lock()
        self._refreshing: asyncio.Task[None] | None = None

    @classmethod
    async def connect(cls, settings: Settings) -> Gateway:
        """Ask Triton what it serves, and go on asking.

        Raises:
            ProblemError: it cannot be reached.

        """
        pool = Pool(settings.triton, settings.balance)
        try:
            made = cls(settings, pool)
            made.catalog.update(await pool.models(CANARY_SECONDS))
        except BaseException:
            await pool.close()
            raise
        pool.watch(made.canaries)
        made._refreshing = asyncio.ensure_future(made._refresh())
        return made

    async def close(self) -> None:
        """Stop asking, and close every connection."""
        if self._refreshing is not None:
            self._refreshing.cancel()
        self.log.flush()
        await self.pool.close()
        await self.cache.close()
        self.tracing.close()

    async def _refresh(self) -> None:
        while True:
            await asyncio.sleep(self.settings.refresh_seconds)
            try:
                self.cache.refresh()
                self.catalog.update(await self.pool.models(CANARY_SECONDS))
            except ProblemError:
                continue  # nobody answers: what was known stays
            except Exception:  # it has to outlive whatever a model's config holds
                LOG.exception("what Triton serves cannot be read")

    def model(self, request: Request, name: str, version: str = "") -> Model:
        """Return a model, and note in the request what was asked.

        Raises:
            ProblemError: there is no such model or version.

        """
        found = self.catalog.find(name, version)
        request.state.model = name
        return found

    def call(self, request: Request, model: Model, version: str = "") -> Call:
        """Return how a request asks Triton, with the time that it has left; told before its body is looked at.

        Raises:
            ProblemError: a header says what cannot be, no time is left, or there is no room.

        """
        state, headers = request.state, request.headers
        affinity = headers.get(self.settings.affinity_header, "") if self.settings.balance == "hash" else ""
        seconds = self._left(headers.get(BUDGET), state.begun)
        chosen = lane(state.caller, headers.get(PRIORITY))
        model.limiter.check(model.name, chosen)
        return Call(seconds, state.request_id, version, chosen, self._is_patient(model, seconds), affinity)

    def within(self, call: Call, model: Model, seconds: float) -> Call:
        """Return a call with no more than so many seconds."""
        if seconds >= call.seconds:
            return call
        return replace(call, seconds=seconds, patient=self._is_patient(model, seconds))

    def _is_patient(self, model: Model, seconds: float) -> bool:
        return model.limiter.is_patient(seconds) or seconds >= PATIENT_SHARE * self.settings.deadlines.default_seconds

    def _left(self, given: str | None, begun: float) -> float:
        """Return the seconds that are left of what a client gives its request."""
        deadlines = self.settings.deadlines
        try:
            whole = min(float(given or deadlines.default_seconds), deadlines.most_seconds)
        except ValueError:
            whole = -1.0
        if not whole > 0:
            raise ProblemError("malformed-request", f"{BUDGET} is a number of seconds above 0")
        left: float = whole - (time.perf_counter() - begun)
        if left <= 0:
            raise UnaskedError
        return left

    async def infer(self, request: Request, model: Model, arrays: Mapping[str, Array], call: Call) -> Answer:
        """Ask a model once, within its limit and the request's time.

        Raises:
            ProblemError: it refused, failed, or there was no room or no time.

        """
        trace = request.state.trace
        with (
            model.breaker.call(model.name, patient=call.patient),
            model.limiter.slot(model.name, call.lane, patient=call.patient),
        ):
            if trace is None:
                answer = await self.coalescer.infer(model.served, arrays, call)
            else:
                trace.root.set_attribute(FORWARD, sorted(self.catalog.compiled))
                with trace.span(CALL, SpanKind.CLIENT) as parent:
                    answer = await self.coalescer.infer(model.served, arrays, replace(call, traceparent=parent))
        request.state.version = answer.version
        return answer

    async def predict(self, request: Request, model: Model, call: Call, rows: Rows) -> dict[str, object]:
        """Return the answer to items as an object for JSON.

        Raises:
            ProblemError: nothing was answered.

        """
        name = model.name

        async def ask(some: Rows) -> tuple[str, list[dict[str, object]]]:
            return await predict(model.schema, some, lambda arrays: self.infer(request, model, arrays, call))

        if self.cache.holds(name):
            version = call.version or model.served.versions[-1]
            keys = [key(name, version, row) for row in rows]
            answered, items = await remembered(self.cache, name, version, keys, rows, ask, call.left())
        else:
            answered, items = await ask(rows)
        request.state.version = answered
        return {"model": name, "version": answered, "items": items}

    async def stream(
        self, request: Request, model: Model, call: Call, row: Mapping[str, Array]
    ) -> AsyncGenerator[dict[str, object], None]:
        """Yield each answer to one item.

        Raises:
            ProblemError: there are too many streams, or the model refused or failed.

        """
        if self.streams >= self.settings.limits.streams:
            raise ProblemError("overloaded", "there are as many streams as the gateway takes", retry_after=1)
        self.streams += 1
        try:
            with (
                model.breaker.call(model.name, patient=call.patient),
                model.limiter.slot(model.name, call.lane, patient=call.patient, stream=True),
                span(request.state.trace, CALL, SpanKind.CLIENT) as parent,
            ):
                asked = replace(call, traceparent=parent)
                async with aclosing(self.pool.stream(model.served, model.single(row), asked)) as parts:
                    async for part in parts:
                        request.state.version = part.version
                        for item in model.schema.rows(part.outputs):
                            yield {"model": model.name, "version": part.version, **item}
        finally:
            self.streams -= 1

    def measured(self) -> bytes:
        """Return the metrics, as Prometheus reads them."""
        waiting = self.coalescer.waiting()
        return self.metrics.text(self.catalog.models, self.pool.members, self.cache, waiting, self.streams)

    async def unready(self) -> dict[str, str]:
        """Return the required models whose canary did not answer, with the problem's code; Triton's own word is not asked."""
        async with self._asking:  # many probes at once are one
            if time.monotonic() - self._ready[0] >= CANARY_HOLDS:
                found = await self.canaries(self.pool)
                self._ready = time.monotonic(), found
            return self._ready[1]

    async def canaries(self, where: Pool | Endpoint) -> dict[str, str]:
        """Return the required models that do not answer at one Triton, or at the pool, with the problem's code."""
        names = self.settings.required or tuple(self.catalog.models)
        codes = await asyncio.gather(*(self._canary(name, where) for name in names))
        return {name: code for name, code in zip(names, codes, strict=True) if code}

    async def _canary(self, name: str, where: Pool | Endpoint) -> str:
        """Ask a model its first example, or a row of ones, which it may refuse: a refusal is an answer."""
        model = self.catalog.models.get(name)
        if model is None:
            return "unknown-model"
        call = Call(CANARY_SECONDS, "canary", lane="high")
        try:
            if model.served.decoupled:
                async for _ in where.stream(model.served, model.sample, call):
                    pass
            else:
                await where.infer(model.served, model.sample, call)
        except ProblemError as error:
            return "" if error.code == "refused-by-model" and not model.rows else error.code
        return ""
