"""This repository beside other servers, on the same models, machine and generator: throughput, latency, CPU and memory.

Text classification (raw text, sentences of 5 to 60 words) is held against a bare loop, rounds in alternation; one row of
numbers over HTTP JSON against this repository's own server, which stays up meanwhile. All that was measured goes into
.trireme/bench-peers.json.
"""

from __future__ import annotations

import json
import statistics
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console

from trireme.bench import bare, contenders, corpus, marked, wrk
from trireme.errors import BenchError
from trireme.machine import Machine
from trireme.plan import TREE
from trireme.tune import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from trireme.bench.contenders import Target
    from trireme.discover import Sources

    Row = tuple[str, str, str, str]
    Reference = Callable[[int], float]
    """What a contender is held against, for so many clients: requests a second."""

REPORT = ".trireme/bench-peers.json"
CLOSE = 1e-3
"""How far the numbers of two contenders may be apart."""
CLIENTS = {"text": (64, 1), "tabular": (64, 16, 1)}
PIPELINE = "text_classification"
FP32, INT8 = "model.onnx", "model.int8.onnx"
FEATURES = [[0.1 * number - 0.05 * row for number in range(16)] for row in range(16)]


@dataclass(frozen=True)
class Measured:
    """One contender at one number of clients: rates of each round, and what they were of the reference's."""

    task: str
    name: str
    clients: int
    rates: list[float]
    ratios: list[float]
    p50: float
    p99: float
    cpu_ms: float
    megabytes: float
    failed: int

    @property
    def ratio(self) -> float:
        """Return the middle of the ratios."""
        return statistics.median(self.ratios)


def measure(sources: Sources, *, quick: bool) -> Iterator[Row]:
    """Yield a row for each contender and load, then the bars."""
    root, found = sources.root, list[Measured]()
    names = [name for name in contenders.names(root) if not quick or name == "fastapi"]
    say = Console().print
    for task in ("text", "tabular"):
        found += _measure(root, task, names, say, quick=quick)
    table = {
        "date": time.strftime("%Y-%m-%d"),
        "machine": str(Machine.here()),
        "versions": {name: contenders.versions(root, name) for name in names},
        "measured": [asdict(one) for one in found],
    }
    (root / REPORT).write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    for one in found:
        told = f"p50 {one.p50:.1f}, p99 {one.p99:.1f} ms; {one.cpu_ms:.2f} ms of CPU each; {one.megabytes:.0f} MB"
        spread = f"{one.ratio:.2f} ({min(one.ratios):.2f} to {max(one.ratios):.2f})"
        failed = f"; {one.failed} FAILED" if one.failed else ""
        rate = f"{statistics.median(one.rates):,.0f}/s"
        yield f"{one.task}, {one.clients}: {one.name}", rate, f"{spread} of the reference; {told}{failed}", ""
    yield from bars(found)


def bars(found: list[Measured]) -> Iterator[Row]:
    """Yield what is asked of this repository beside its peers, as far as it was measured."""

    def best(task: str, clients: int, *, own: bool) -> dict[str, float]:
        kept = [one for one in found if (one.task, one.clients, one.failed) == (task, clients, 0)]
        rows = [one for one in kept if one.name.startswith("Trireme") is own]
        return {one.name: one.ratio for one in rows}

    mine, theirs = best("text", 64, own=True), best("text", 64, own=False)
    if mine and theirs:
        name = max(theirs, key=lambda one: theirs[one])
        yield "text, fp32 / bare loop, 64 clients", f"{mine['Trireme, fp32']:.2f}", "one thread a core, unpadded", ">= 0.95"
        yield "text, fp32 / best peer", f"{mine['Trireme, fp32'] / theirs[name]:.2f}", name, "> 1"
        yield "text, int8 / best peer's fp32", f"{mine['Trireme, int8'] / theirs[name]:.2f}", name, ">= 2"
    for clients in (64, 16, 1):
        theirs = best("tabular", clients, own=False)
        if theirs:
            name = max(theirs, key=lambda one: theirs[one])
            target = ">= 1.5" if clients > 1 else "said"
            yield (
                f"tabular, {clients} client{'s' if clients > 1 else ''}: Trireme / best peer",
                f"{1 / theirs[name]:.2f}",
                name,
                target,
            )


def _measure(root: Path, task: str, names: list[str], say: Callable[[str], None], *, quick: bool) -> Iterator[Measured]:
    values: list[Any] = list(corpus.sentences(root)) if task == "text" else list(FEATURES)
    seconds, rounds = (1.0, 1) if quick else (3.0, 3)
    cores = Machine.here().cores
    asked: list[AbstractContextManager[Target]] = [
        contenders.peer(root, name, task, batch, say)
        for name in names
        for batch in contenders.batches(root, name)[: 1 if quick else None]
    ]
    with ExitStack() as stack:
        if task == "text":
            loops = stack.enter_context(bare.Loops(root / TREE, FP32, processes=cores, threads=1, seconds=seconds))
            alone = stack.enter_context(bare.Loops(root / TREE, FP32, processes=1, threads=cores, seconds=seconds))
            asked = [contenders.ours(root, task, file) for file in (FP32, INT8)] + asked

            def reference(clients: int) -> float:
                return loops.rate() if clients > 1 else alone.rate()
        else:
            own = stack.enter_context(contenders.ours(root, task, INT8))

            def reference(clients: int) -> float:
                return wrk.run(own.port, own.path, own.bodies(values), clients, seconds).rate

            for clients in CLIENTS[task]:
                yield _load(own, task, values, clients, reference, (seconds, rounds))
        wanted = own.ask(values[0]) if task == "tabular" else None
        for context in asked:
            with context as target:
                wanted = _same(target, values[0], wanted)
                for clients in CLIENTS[task]:
                    say(f"  {task}: {target.name}, {clients} client{'s' if clients > 1 else ''} ...")
                    yield _load(target, task, values, clients, reference, (seconds, rounds))
                if target.grpc:
                    yield _over_grpc(target, values, max(CLIENTS[task]), reference, (seconds, rounds))


def _over_grpc(target: Target, values: list[Any], clients: int, reference: Reference, times: tuple[float, int]) -> Measured:
    """Load this repository's text pipeline over gRPC by a Python client: another generator, which takes more of the cores."""
    seconds, rounds = times
    bodies = [load.body(PIPELINE, {"text": np.array([[value.encode()]], object)}) for value in values]
    load.answered(target.grpc, bodies, clients, 1.0)
    rates, ratios, used = [], [], 0.0
    for _ in range(rounds):
        other, before = reference(clients), marked.seconds(target.mark)
        rates.append(load.answered(target.grpc, bodies, clients, seconds))
        used += marked.seconds(target.mark) - before
        ratios.append(rates[-1] / other)
    each = used / (sum(rates) * seconds) * 1e3
    nan = float("nan")
    name = f"{target.name}, gRPC by grpc.aio"
    return Measured("text", name, clients, rates, ratios, nan, nan, each, marked.megabytes(target.mark), 0)


def _load(  # noqa: PLR0913, PLR0917 - all of a measurement
    target: Target, task: str, values: list[Any], clients: int, reference: Reference, times: tuple[float, int]
) -> Measured:
    """Load one contender and its reference in alternation."""
    seconds, rounds = times
    bodies = target.bodies(values)
    wrk.run(target.port, target.path, bodies, clients, 1.0)  # so that everything is warm
    rates, ratios, loads, used = [], [], [], 0.0
    for _ in range(rounds):
        other = reference(clients)
        before = marked.seconds(target.mark)
        loads.append(wrk.run(target.port, target.path, bodies, clients, seconds))
        used += marked.seconds(target.mark) - before
        rates.append(loads[-1].rate)
        ratios.append(loads[-1].rate / other)
    requests = sum(load.requests for load in loads)
    p50, p99 = (statistics.median(getattr(load, name) for load in loads) for name in ("p50", "p99"))
    failed = sum(load.failed for load in loads)
    megabytes = marked.megabytes(target.mark)
    return Measured(task, target.name, clients, rates, ratios, p50, p99, used / max(requests, 1) * 1e3, megabytes, failed)


def _same(target: Target, value: object, wanted: object) -> object:
    """Refuse a contender that answers something else than those before it."""
    found = target.ask(value)
    number = isinstance(wanted, float) and isinstance(found, float)
    if wanted is not None and not (abs(found - wanted) < CLOSE if number else found == wanted):  # type: ignore[operator]
        raise BenchError(target.name, f"it answers {found}, and others {wanted}", "it serves another model")
    return found
