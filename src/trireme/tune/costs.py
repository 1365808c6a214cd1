"""What a unit costs on this machine: measured on the live server, one batch size and shape at a time, and after pauses."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from trireme.tune import openloop
from trireme.tune.knobs import THREADS, Knobs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from trireme.arrays import Array
    from trireme.tune.live import Live, Stage

    Watch = Callable[[str], None]

SIZES = (1, 2, 4, 8, 16, 32, 64)
SHAPES = 5
"""Shapes of a model that are measured; others lie between them by their number of elements."""
PASSES, CALLS, SECONDS = 3, 2, 0.05
"""Each size is called at least so often, and for so long, in as many passes: a shared machine has slow moments."""
TURNS, TURN_SECONDS = 5, 0.25
"""How often two things are compared in alternation, and for how long each time [s]."""
WAITS_SECONDS = 2.0
"""For how long waits are looked at."""
SHORT_PAUSE, LONG_PAUSE = 0.005, 0.03
"""Between an answer and the next call [s]."""
LEAST_FRONT = 10.0
LEAST_SHARE = 0.05
"""Of what a long pause costs, that a short one costs at least, or that it lacks."""
LEAST_COLD = 0.05
"""Of what a batch takes, that a pause has to cost one before it is asked what it costs more on all cores."""
LARGE = 8
"""Rows of the requests that are sent side by side, and requests of the batches that are compared with them."""
GATHERING = 100_000
"""How long a batch may wait for the last of so many requests [us]."""


@dataclass(frozen=True)
class StageCosts:
    """service[threads][kind, rows] is what a batch of requests of one row takes alone [us].

    measured are the requests of so many rows behind it.
    """

    name: str
    service: Mapping[int, Array]
    measured: tuple[tuple[int, int, int, float], ...]
    """(threads, kind, rows, microseconds) of each that was called."""
    shape: tuple[int, ...]
    """A number a kind: requests of unlike numbers are never joined."""
    cold: float = 0.0
    """What a batch takes more when its instance did nothing for long [us]."""
    cools: float = 1.0
    """How long it has to do nothing for 1 - 1/e of that [us]."""


@dataclass(frozen=True)
class Costs:
    """All that the simulation needs to know of a unit on a machine.

    front is what a request takes a core outside of its models, client included [us]; shared is how fast jobs on all cores
    run, of their speed alone.
    """

    stages: tuple[StageCosts, ...]
    front: float
    shared: float
    front_cold: float = 0.0
    """What it costs more when nothing was asked for long [us]."""
    waits: tuple[float, ...] = (0.0,)
    """How long some threads waited for a core while others had them all [us]."""
    crowd: float = 1.0
    """How many times as much of what batches take more after a pause, when all cores do so at once."""


class Paused(NamedTuple):
    """What a pause costs the next call [us]: its batches, and the call around them, which takes `hot` without one.

    cools is how long a pause has to be for most of it.
    """

    inside: float
    hot: float
    cold: float
    cools: float


def measure(live: Live, stages: Sequence[Stage], cores: int, *, longest: float, watch: Watch) -> Costs:
    """Measure a unit's models one by one; batches that take longer than the longest [s] are not grown.

    Raises:
        ServerError: Triton refused a setting.
        CallError: it refused a request.

    """
    found = []
    for stage in stages:
        service, rows = {}, []
        for threads in _threads(stage, cores):
            watch(f"{stage.name}: batches alone" + (f", {threads} thread{'s' if threads > 1 else ''}" if threads else ""))
            live.load({stage.name: Knobs(1, threads, (1,), 0)})
            points = _alone(live, stage, longest)
            service[threads] = _table(stage, points)
            rows += [(threads, kind, size, took) for (kind, size), took in points.items()]
        watch(f"{stage.name}: requests that are joined")
        joined = _joined(live, stage, min(service), _large(stage, rows))
        service = {threads: table + joined * np.maximum(np.arange(table.shape[1]) - 1, 0) for threads, table in service.items()}
        watch(f"{stage.name}: after pauses")
        live.load({stage.name: Knobs(1, min(service), (1,), 0)})
        paused = _paused(live, [stage], [stage.request(_measured_kinds(stage)[0], 1)])
        found.append(StageCosts(stage.name, service, tuple(rows), _numbers(stage), paused.inside, paused.cools))
    heaviest = max(range(len(stages)), key=lambda place: next(iter(found[place].service.values()))[:, 1].mean())
    watch(f"{stages[heaviest].name}: {cores} instances side by side")
    shared = _shared(live, stages[heaviest], found[heaviest], cores)
    waits = _waits(live, stages[heaviest], found[heaviest], cores)
    crowd = _crowd(live, stages[heaviest], found[heaviest], cores)
    watch(f"{live.unit}: what a call takes around its models")
    live.load({costs.name: Knobs(1, min(costs.service), (1,), 0) for costs in found})
    around = _paused(live, stages, [openloop.request(live.unit, sample) for sample in live.samples])
    return Costs(tuple(found), max(around.hot, LEAST_FRONT), shared, around.cold, waits, crowd)


def _paused(live: Live, stages: Sequence[Stage], requests: Sequence[bytes]) -> Paused:
    """Measure calls one after another without a pause, after a short one and after a long one, in alternation."""
    _inside_and_around(live, stages, requests, 0.0)
    pauses = (0.0, SHORT_PAUSE, LONG_PAUSE)
    found = np.array([[_inside_and_around(live, stages, requests, pause) for pause in pauses] for _ in range(TURNS)])
    hot = np.median(found[:, 0], axis=0)
    short, long = np.maximum(np.median(found[:, 1:] - found[:, :1], axis=0), 0.0)
    share = min(max(short[0] / max(long[0], 1e-3), LEAST_SHARE), 1.0 - LEAST_SHARE)
    return Paused(float(long[0]), float(hot[1]), float(long[1]), -SHORT_PAUSE * 1e6 / math.log(1.0 - share))


def _inside_and_around(live: Live, stages: Sequence[Stage], requests: Sequence[bytes], pause: float) -> tuple[float, float]:
    """Return what a call takes in the batches of its models, and around them [us]."""
    before = [_of_one(live, stage) for stage in stages]
    took = statistics.fmean(openloop.repeat(live.http, requests, 1, TURN_SECONDS, pause=pause))
    after = [_of_one(live, stage) for stage in stages]
    inside = sum((b[1] - a[1]) / max(b[0] - a[0], 1) for a, b in zip(before, after, strict=True)) / 1e3
    return inside, took * 1e6 - inside


def _of_one(live: Live, stage: Stage) -> tuple[int, int]:
    """Return how many batches of one row a model ran, and the nanoseconds they took."""
    return live.batch_stats(stage).get(1, (0, 0))


def _joined(live: Live, stage: Stage, threads: int, size: int) -> float:
    """Return what a batch takes for each further request beside its row [us]: many of one row, one of many, in alternation."""
    policy = stage.config.dynamic_batching.default_queue_policy
    size = min(size, policy.max_queue_size or size)  # none may be refused
    if size == 1:
        return 0.0
    gathering = min(GATHERING, policy.default_timeout_microseconds // 2 or GATHERING)
    live.load({stage.name: Knobs(1, threads, (size,), gathering)})
    kind = _measured_kinds(stage)[0]
    few, many = stage.request(kind, size), stage.request(kind, 1)
    turns = [_busy(live, stage, many, size, size) - _busy(live, stage, few, size, 1) for _ in range(TURNS)]
    return max(0.0, statistics.median(turns)) / 1e3 / (size - 1)


def _large(stage: Stage, measured: Sequence[tuple[int, int, int, float]]) -> int:
    """Return the rows of a request that is so large that what happens around its batch does not count."""
    smallest = _measured_kinds(stage)[0]
    return max(rows for _, kind, rows, _ in measured if kind == smallest and rows <= LARGE)


def _threads(stage: Stage, cores: int) -> list[int]:
    return sorted({1, cores}) if stage.config.backend in THREADS else [0]


def _alone(live: Live, stage: Stage, longest: float) -> dict[tuple[int, int], float]:
    """Return the time of each (kind, rows) [us]."""
    found: dict[tuple[int, int], list[float]] = {}
    for _, kind in product(range(PASSES), _measured_kinds(stage)):
        for size in (size for size in SIZES if size <= max(stage.config.max_batch_size, 1)):
            found.setdefault((kind, size), []).append(_batch(live, stage, kind, size))
            if found[kind, size][0] > longest * 1e6:
                break
    return {point: statistics.median(took) for point, took in found.items()}


def lone(live: Live, stage: Stage) -> list[float]:
    """Return the time of one row of each kind [us].

    Raises:
        CallError: one is refused.

    """
    return [_batch(live, stage, kind, 1) for kind in range(len(stage.inputs))]


def _batch(live: Live, stage: Stage, kind: int, rows: int) -> float:
    """Return what a batch takes by the server's own account [us]."""
    request = stage.request(kind, rows)
    openloop.repeat(live.http, [request], 1, 0.0)
    before = live.batch_stats(stage).get(rows, (0, 0))  # the server counts after it answered
    calls = 0
    while calls < CALLS:
        calls += len(openloop.repeat(live.http, [request], 1, SECONDS))
    after = live.batch_stats(stage)[rows]
    return (after[1] - before[1]) / (after[0] - before[0]) / 1e3


def _measured_kinds(stage: Stage) -> list[int]:
    """Return the kinds whose shapes are measured: all, or some from the smallest to the largest."""
    sizes = [(shape, _elements(stage, kind)) for kind, shape in enumerate(stage.shapes())]
    first = {size: kind for kind, size in reversed(list(enumerate(sizes)))}
    ordered = sorted(first.values(), key=lambda kind: _elements(stage, kind))
    if len(ordered) <= SHAPES:
        return ordered
    return [ordered[round(place)] for place in np.linspace(0, len(ordered) - 1, SHAPES)]


def _table(stage: Stage, points: Mapping[tuple[int, int], float]) -> Array:
    """Return service[kind, rows] from what was measured: straight lines between sizes, and between shapes by elements."""
    most = max(stage.config.max_batch_size, 1)
    kinds = sorted({kind for kind, _ in points}, key=lambda kind: _elements(stage, kind))
    lines = np.array([_line({size: took for (one, size), took in points.items() if one == kind}, most) for kind in kinds])
    known = [_elements(stage, kind) for kind in kinds]
    rows = [[np.interp(_elements(stage, kind), known, column) for column in lines.T] for kind in range(len(stage.inputs))]
    return np.array(rows)


def _line(measured: Mapping[int, float], most: int) -> Array:
    """Return the time of 0 to `most` rows; past the largest that was measured it grows as it did last."""
    sizes, took = np.array(sorted(measured)), np.array([measured[size] for size in sorted(measured)])
    line: Array = np.interp(np.arange(most + 1), sizes, took)
    slope = (took[-1] - took[-2]) / (sizes[-1] - sizes[-2]) if len(sizes) > 1 else took[-1]
    beyond = np.arange(most + 1) - sizes[-1]
    return np.where(beyond > 0, took[-1] + np.maximum(beyond, 0) * max(slope, 0.0), line)


def _elements(stage: Stage, kind: int) -> int:
    """Return the elements of a kind's inputs; of strings, their bytes."""
    arrays = stage.inputs[kind].values()
    return sum(sum(map(len, array.flat)) if array.dtype == np.object_ else array.size for array in arrays)


def _numbers(stage: Stage) -> tuple[int, ...]:
    known: dict[object, int] = {}
    return tuple(known.setdefault(shape, len(known)) for shape in stage.shapes())


def _shared(live: Live, stage: Stage, costs: StageCosts, cores: int) -> float:
    """Return how fast jobs on all cores run, of their speed alone: one instance and one a core, in alternation."""
    threads = min(costs.service)
    size = _large(stage, costs.measured)
    live.load({stage.name: Knobs(cores, threads, (1,), 0)})
    request = stage.request(_measured_kinds(stage)[0], size)
    ratios = []
    for _ in range(TURNS):
        alone, together = (_busy(live, stage, request, size, clients) for clients in (1, cores))
        ratios.append(alone / together)
    return min(1.0, statistics.median(ratios))


def _waits(live: Live, stage: Stage, costs: StageCosts, cores: int) -> tuple[float, ...]:
    """Return what health checks take more [us] while every core has a batch to run."""
    request = stage.request(_measured_kinds(stage)[0], _large(stage, costs.measured))
    idle = openloop.beside(live.http, [request], 0, WAITS_SECONDS / 4)
    busy = openloop.beside(live.http, [request], cores, WAITS_SECONDS)
    return tuple(max(0.0, took * 1e6 - statistics.median(idle) * 1e6) for took in busy)


def _crowd(live: Live, stage: Stage, costs: StageCosts, cores: int) -> float:
    """Return how many times as much more a batch takes after a pause when one a core begins at once, in alternation."""
    request = stage.request(_measured_kinds(stage)[0], 1)
    turns = [[_spaced(live, stage, request, many) for many in (1, cores)] for _ in range(TURNS)]
    one, all_ = (statistics.median(turn[place] for turn in turns) for place in (0, 1))
    if costs.cold < LEAST_COLD * one:
        return 1.0
    return max(1.0, 1.0 + (all_ - one) / costs.cold)


def _spaced(live: Live, stage: Stage, request: bytes, many: int) -> float:
    """Return what a batch takes [us] when so many requests come at once, after a long pause each time."""
    before = live.batch_stats(stage).get(1, (0, 0))
    times = np.repeat(np.arange(LONG_PAUSE, TURN_SECONDS + LONG_PAUSE, LONG_PAUSE), many)
    openloop.offer(live.http, [request], np.zeros(len(times), int), times)
    after = live.batch_stats(stage)[1]
    return (after[1] - before[1]) / (after[0] - before[0]) / 1e3


def _busy(live: Live, stage: Stage, request: bytes, size: int, clients: int) -> float:
    """Return the time of a batch [ns] while so many clients each ask again when they have their answer."""
    openloop.repeat(live.http, [request], 1, 0.0)
    before = live.batch_stats(stage).get(size, (0, 0))  # the server counts after it answered
    openloop.repeat(live.http, [request], clients, TURN_SECONDS)
    after = live.batch_stats(stage)[size]
    return (after[1] - before[1]) / (after[0] - before[0])
