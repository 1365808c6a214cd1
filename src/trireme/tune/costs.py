"""What a unit costs on this machine: measured in a few seconds on the live server, one batch size and shape at a time."""

from __future__ import annotations

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc
import numpy as np

from trireme.tune.knobs import THREADS, Knobs
from trireme.tune.load import METHOD, OPTIONS, answered, body

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from trireme.arrays import Array
    from trireme.tune.live import Live, Stage

    Watch = Callable[[str], None]

SIZES = (1, 2, 4, 8, 16, 32, 64)
SHAPES = 5
"""Shapes of a model that are measured; others lie between them by their number of elements."""
CALLS, SECONDS = 5, 0.12
"""A size is called at least so often, and for so long."""
TURNS, TURN_SECONDS = 4, 0.25
CLIENTS, FRONT_SECONDS = 8, 2.0
"""Requests a core that are under way at once, so that the cores are never idle, and for how long."""
STALLS = (0.02, 0.98)
"""The quantiles of the noise between which it is believed."""
LEAST_FRONT = 10.0
LARGE = 8
"""Rows of the requests that are sent side by side."""


@dataclass(frozen=True)
class StageCosts:
    """service[threads][kind, rows] is what a batch takes alone [us]; measured are the sizes behind it."""

    name: str
    service: Mapping[int, Array]
    measured: tuple[tuple[int, int, int, float], ...]
    """(threads, kind, rows, microseconds) of each that was called."""
    noise: Array
    """What single calls took beside their mean [us]."""
    shape: tuple[int, ...]
    """A number a kind: requests of unlike numbers are never joined."""


@dataclass(frozen=True)
class Costs:
    """All that the simulation needs to know of a unit on a machine.

    front is what a request costs the cores outside of its models [us]; shared is how fast jobs on all cores run, of their speed
    alone.
    """

    stages: tuple[StageCosts, ...]
    front: float
    shared: float


def measure(live: Live, stages: Sequence[Stage], cores: int, *, longest: float, watch: Watch) -> Costs:
    """Measure a unit's models one by one; batches that take longer than the longest [s] are not grown.

    Raises:
        ServerError: Triton refused a setting.
        grpc.RpcError: it refused a request.

    """
    found = []
    with grpc.insecure_channel(live.address.removeprefix("grpc://"), OPTIONS) as channel:
        call = channel.unary_unary(METHOD)
        for stage in stages:
            service, rows, noise = {}, [], [0.0]
            for threads in _threads(stage, cores):
                watch(f"{stage.name}: batches alone" + (f", {threads} thread{'s' if threads > 1 else ''}" if threads else ""))
                live.load({stage.name: Knobs(1, threads, (1,), 0)})
                points, beside = _alone(live, stage, call, longest)
                service[threads] = _table(stage, points)
                rows += [(threads, kind, size, took) for (kind, size), took in points.items()]
                noise += beside
            found.append(StageCosts(stage.name, service, tuple(rows), _without_stalls(np.array(noise)), _numbers(stage)))
        heaviest = max(range(len(stages)), key=lambda place: next(iter(found[place].service.values()))[:, 1].mean())
        watch(f"{stages[heaviest].name}: {cores} instances side by side")
        shared = _shared(live, stages[heaviest], found[heaviest], call, cores)
        watch(f"{live.unit}: what a call costs outside of its models")
    front = _front(live, stages, found, shared, cores)
    return Costs(tuple(found), front, shared)


def _threads(stage: Stage, cores: int) -> list[int]:
    return sorted({1, cores}) if stage.config.backend in THREADS else [0]


def _alone(
    live: Live, stage: Stage, call: Callable[[bytes], bytes], longest: float
) -> tuple[dict[tuple[int, int], float], list[float]]:
    """Return the time of each (kind, rows) [us], and what single calls took beside their mean [us]."""
    points: dict[tuple[int, int], float] = {}
    beside: list[float] = []
    for kind in _measured_kinds(stage):
        for size in (size for size in SIZES if size <= max(stage.config.max_batch_size, 1)):
            points[kind, size], took = _batch(live, stage, call, kind, size)
            if size == 1:
                beside += [(one - statistics.fmean(took)) * 1e6 for one in took]
            if points[kind, size] > longest * 1e6:
                break
    return points, beside


def lone(live: Live, stage: Stage, call: Callable[[bytes], bytes]) -> list[float]:
    """Return the time of one row of each kind [us]."""
    return [_batch(live, stage, call, kind, 1)[0] for kind in range(len(stage.inputs))]


def _batch(live: Live, stage: Stage, call: Callable[[bytes], bytes], kind: int, rows: int) -> tuple[float, list[float]]:
    """Return what a batch takes by the server's own account [us], and what each call took [s]."""
    request = stage.request(kind, rows)
    call(request)
    before = live.batch_stats(stage).get(rows, (0, 0))  # the server counts after it answered
    took = _repeat(call, request)
    after = live.batch_stats(stage)[rows]
    return (after[1] - before[1]) / (after[0] - before[0]) / 1e3, took


def _repeat(call: Callable[[bytes], bytes], request: bytes) -> list[float]:
    took: list[float] = []
    while len(took) < CALLS or sum(took) < SECONDS:
        begun = time.perf_counter()
        call(request)
        took.append(time.perf_counter() - begun)
    return took


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


def _front(live: Live, stages: Sequence[Stage], found: Sequence[StageCosts], shared: float, cores: int) -> float:
    """Return what a request costs outside of its models [us]: what their batches leave of all cores, when all are busy."""
    threads = {stage.name: min(costs.service) for stage, costs in zip(stages, found, strict=True)}
    live.load({stage.name: _joining(stage, threads[stage.name], cores) for stage in stages})
    bodies = [body(live.unit, sample) for sample in live.samples]
    before = [live.batch_stats(stage) for stage in stages]
    rate = answered(live.address, bodies, CLIENTS * cores, FRONT_SECONDS)
    inside = 0.0
    for stage, costs, earlier in zip(stages, found, before, strict=True):
        table = costs.service[threads[stage.name]].mean(axis=0)
        ran = {size: count - earlier.get(size, (0, 0))[0] for size, (count, _) in live.batch_stats(stage).items()}
        inside += sum(count * table[size] for size, count in ran.items()) / sum(count * size for size, count in ran.items())
    return max(LEAST_FRONT, shared * cores * 1e6 / rate - inside)


def _without_stalls(noise: Array) -> Array:
    """Return the noise without its ends: a stall of a shared machine is not the model's."""
    low, high = np.quantile(noise, STALLS)
    kept: Array = noise[(noise >= low) & (noise <= high)]
    return kept


def _joining(stage: Stage, threads: int, cores: int) -> Knobs:
    """Return knobs that join some rows where that is possible."""
    return Knobs(cores, threads, (max(1, min(LARGE, stage.config.max_batch_size)),), 0)


def _shared(live: Live, stage: Stage, costs: StageCosts, call: Callable[[bytes], bytes], cores: int) -> float:
    """Return how fast jobs on all cores run, of their speed alone: one instance and one a core, in alternation."""
    threads = min(costs.service)
    kind = costs.measured[0][1]
    size = max(rows for _, one, rows, _ in costs.measured if one == kind and rows <= LARGE)
    live.load({stage.name: Knobs(cores, threads, (1,), 0)})
    request = stage.request(kind, size)  # a large one, so that what happens around it does not count
    ratios = []
    with ThreadPoolExecutor(cores) as pool:
        for _ in range(TURNS):
            alone, together = (_busy(live, stage, size, lambda: call(request), pool, many) for many in (1, cores))
            ratios.append(alone / together)
    return min(1.0, statistics.median(ratios))


def _busy(  # noqa: PLR0913, PLR0917 - what is asked, by whom, and how many
    live: Live, stage: Stage, size: int, ask: Callable[[], object], pool: ThreadPoolExecutor, many: int
) -> float:
    """Return the time of a batch [ns] while so many clients each ask again when they have their answer."""
    ask()
    before, end = live.batch_stats(stage)[size], time.perf_counter() + TURN_SECONDS

    def again() -> None:
        while time.perf_counter() < end:
            ask()

    for waited in [pool.submit(again) for _ in range(many)]:
        waited.result()
    after = live.batch_stats(stage)[size]
    return (after[1] - before[1]) / (after[0] - before[0])
