"""The gateway itself: what is served, how much of it at once, and how a request becomes calls of Triton."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from trireme.arrays import NUMPY
from trireme.errors import SourceError
from trireme.examples import read_examples
from trireme.gateway.admission import Limiter, Rates
from trireme.gateway.cache import Cache, key, remembered
from trireme.gateway.coalesce import Coalescer
from trireme.gateway.keys import Keys
from trireme.gateway.metrics import Metrics
from trireme.gateway.pool import Pool
from trireme.gateway.predict import predict
from trireme.gateway.problems import ProblemError
from trireme.gateway.schema import Schema, stack

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from starlette.requests import Request

    from trireme.arrays import Array
    from trireme.gateway.endpoint import Answer, Endpoint, Served
    from trireme.gateway.settings import Settings

CANARY_SECONDS = 5.0
CANARY_HOLDS = 1.0
"""Seconds for which a canary's word is believed: probes come often, and each would be work."""
BUDGET = "x-request-timeout"
"""The header with the seconds that a client gives its request."""


class Gateway:
    """One gateway in front of one Triton or several that serve the same; made by `connect`."""

    def __init__(self, settings: Settings, pool: Pool, models: Mapping[str, Served]) -> None:
        self.settings = settings
        self.pool = pool
        self.coalescer = Coalescer(pool.infer)
        self.metrics = Metrics()
        self.keys = Keys(Path(settings.keys))
        self.rates = Rates(settings.admission)
        self.rows = {name: _examples(served, settings.examples) for name, served in models.items()}
        self.schemas = {name: Schema(served, settings.limits, self.rows[name]) for name, served in models.items()}
        self.limiters = {name: Limiter(settings.admission) for name in models}
        self.cache = Cache(settings.cache)
        self.streams = 0
        self._ready: tuple[float, dict[str, str]] = (-CANARY_HOLDS, {})
        self._asking = asyncio.Lock()

    @classmethod
    async def connect(cls, settings: Settings) -> Gateway:
        """Ask Triton what it serves.

        Raises:
            ProblemError: it cannot be reached.

        """
        pool = Pool(settings.triton)
        try:
            served = await pool.models(CANARY_SECONDS)
            made = cls(settings, pool, {name: model for name, model in served.items() if _is_json(model)})
        except BaseException:
            await pool.close()
            raise
        pool.watch(made.answers)
        return made

    def authorize(self, request: Request, scope: str = "infer") -> None:
        """Let a request pass, or not; a key has its rate.

        Raises:
            ProblemError: no valid key, not this scope, or too often.

        """
        if self.settings.insecure:
            return
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        key = self.keys.check(token.strip() if kind.lower() == "bearer" else "", scope)
        request.state.key = key.id
        self.rates.take(key.id)

    def schema(self, request: Request, name: str, version: str = "") -> Schema:
        """Return a model's schema, and note in the request what was asked.

        Raises:
            ProblemError: there is no such model or version.

        """
        found = self.schemas.get(name)
        if found is None:
            raise ProblemError("unknown-model", "no model of that name is served; GET /v1/models names them")
        if version and version not in found.served.versions:
            raise ProblemError("unknown-model", f"'{name}' has the versions {', '.join(found.served.versions)}")
        request.state.model = name
        return found

    def budget(self, request: Request) -> float:
        """Return the seconds that are left for a request.

        Raises:
            ProblemError: the header is no number of seconds, or nothing is left.

        """
        given, deadlines = request.headers.get(BUDGET), self.settings.deadlines
        try:
            whole = min(float(given or deadlines.default_seconds), deadlines.most_seconds)
        except ValueError:
            whole = -1.0
        if not whole > 0:
            raise ProblemError("malformed-request", f"{BUDGET} is a number of seconds above 0")
        left: float = whole - (time.perf_counter() - request.state.begun)
        if left <= 0:
            raise ProblemError("deadline-exceeded", "the time of the request was used up before the model was asked")
        return left

    async def infer(self, request: Request, model: Schema, version: str, arrays: Mapping[str, Array]) -> Answer:
        """Ask a model once, within its limit and the request's budget.

        Raises:
            ProblemError: it refused, failed, or there was no room or no time.

        """
        seconds = self.budget(request)
        with self.limiters[model.served.name].slot(model.served.name, seconds):
            answer = await self.coalescer.infer(model.served, version, arrays, seconds, request.state.request_id)
        request.state.version = answer.version
        return answer

    async def predict(
        self, request: Request, model: Schema, version: str, rows: Sequence[Mapping[str, Array]]
    ) -> dict[str, object]:
        """Return the answer to items as an object for JSON.

        Raises:
            ProblemError: nothing was answered.

        """
        if model.served.decoupled:
            raise ProblemError(
                "malformed-request", f"'{model.served.name}' answers as a stream: ask .../{model.served.name}:stream"
            )
        name = model.served.name

        async def ask(some: Sequence[Mapping[str, Array]]) -> tuple[str, list[dict[str, object]]]:
            return await predict(model, some, lambda arrays: self.infer(request, model, version, arrays))

        if self.cache.holds(name):
            keys = [key(name, version, row) for row in rows]
            answered, items = await remembered(self.cache, keys, rows, ask, self.budget(request))
        else:
            answered, items = await ask(rows)
        return {"model": name, "version": answered, "items": items}

    async def stream(
        self, request: Request, model: Schema, version: str, row: Mapping[str, Array]
    ) -> AsyncIterator[dict[str, object]]:
        """Yield each answer to one item.

        Raises:
            ProblemError: there are too many streams, or the model refused or failed.

        """
        if self.streams >= self.settings.limits.streams:
            raise ProblemError("overloaded", "there are as many streams as the gateway takes", retry_after=1)
        self.streams += 1
        try:
            arrays = stack([row]) if model.served.batched else dict(row)
            seconds = self.budget(request)
            with self.limiters[model.served.name].slot(model.served.name, seconds):
                parts = self.pool.stream(model.served, version, arrays, seconds, request.state.request_id)
                async for part in parts:
                    request.state.version = part.version
                    for item in model.rows(part.outputs):
                        yield {"model": model.served.name, "version": part.version, **item}
        finally:
            self.streams -= 1

    async def unready(self) -> dict[str, str]:
        """Return the required models whose canary did not answer, with the problem's code; Triton's own word is not asked."""
        async with self._asking:  # many probes at once are one
            if time.monotonic() - self._ready[0] >= CANARY_HOLDS:
                found = await self._canaries(self.pool)
                self._ready = time.monotonic(), found
            return self._ready[1]

    async def answers(self, endpoint: Endpoint) -> bool:
        """Say whether every required model answers at one Triton."""
        return not await self._canaries(endpoint)

    async def _canaries(self, where: Pool | Endpoint) -> dict[str, str]:
        names = self.settings.required or tuple(self.schemas)
        codes = await asyncio.gather(*(self._canary(name, where) for name in names))
        return {name: code for name, code in zip(names, codes, strict=True) if code}

    async def _canary(self, name: str, where: Pool | Endpoint) -> str:
        """Ask a model its first example, or a row of ones, which it may refuse: a refusal is an answer."""
        model = self.schemas.get(name)
        if model is None:
            return "unknown-model"
        row = self.rows[name][0] if self.rows[name] else _ones(model.served)
        arrays = stack([row]) if model.served.batched else dict(row)
        try:
            if model.served.decoupled:
                async for _ in where.stream(model.served, "", arrays, CANARY_SECONDS, "canary"):
                    pass
            else:
                await where.infer(model.served, "", arrays, CANARY_SECONDS, "canary")
        except ProblemError as error:
            return "" if error.code == "refused-by-model" and not self.rows[name] else error.code
        return ""


def _is_json(served: Served) -> bool:
    """Say whether numpy, and so JSON, has every type of a model: TYPE_BF16 it has not, and such a model has no route."""
    return all(tensor.data_type in NUMPY for tensor in (*served.inputs, *served.outputs))


def _examples(served: Served, folders: Sequence[str]) -> list[Mapping[str, Array]]:
    """Return the inputs of a model's examples, from the first folder that has some."""
    for folder in folders:
        if (Path(folder) / served.name / "examples.json").is_file():
            try:
                return [example.inputs for example in read_examples(Path(folder) / served.name, served.config)]
            except SourceError:
                return []  # examples of another state of the model: the gateway serves what Triton has
    return []


def _ones(served: Served) -> dict[str, Array]:
    """Return a row of ones, or of the text 1; a size that varies is 1."""
    found: dict[str, Array] = {}
    for tensor in served.inputs:
        dtype = NUMPY.get(tensor.data_type, np.float32)
        found[tensor.name] = np.full([max(size, 1) for size in tensor.dims], b"1" if dtype is np.object_ else 1, dtype)
    return found
