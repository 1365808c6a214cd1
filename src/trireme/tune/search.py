"""Which knobs take the highest rate within a p99 goal, by simulation: every choice is tried, the best are looked at longer."""

from __future__ import annotations

import math
import statistics
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from trireme.tune import batcher
from trireme.tune.chain import Chain, Requests
from trireme.tune.knobs import choices

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from trireme.arrays import Array
    from trireme.tune.costs import Costs
    from trireme.tune.knobs import Knobs
    from trireme.tune.live import Stage

    Setting = Mapping[str, Knobs]
    """The knobs of each model of a unit."""

SHORT, LONG = 600, 4000
"""Requests of a simulation that sorts choices out, and of one that decides."""
WAITS = 4000
"""Draws of a wait for a core; a longer run begins with the first again."""
STEPS = 7
"""Halvings between no rate and the most that could be."""
LEAST = 0.1
"""Of what a batch took when it was calibrated, that it takes at least."""
LATEST, NEAREST = 14, 5
"""Points that say how far off p99 is: so many of the last ones, and of these the nearest by what was simulated."""
FINALISTS = 24
NEARLY = 0.95
"""Of the best rate: from here on the simpler setting wins, because the simulation is not more precise than that."""


@dataclass(frozen=True)
class Trace:
    """The gaps between arrivals, on average one, and the kind of each request; Poisson's unless they were recorded."""

    gaps: Array
    kinds: Array

    @classmethod
    def poisson(cls, count: int, kinds: int, seed: int = 0) -> Trace:
        """Draw arrivals that know nothing of each other, each kind as often as the others."""
        rng = np.random.default_rng(seed)
        return cls(rng.exponential(1.0, count), rng.integers(kinds, size=count))

    @classmethod
    def recorded(cls, arrivals: Array, kinds: int, seed: int = 0) -> Trace:
        """Take recorded arrivals [s, in order]; the kinds are drawn."""
        gaps = np.diff(arrivals)
        return cls(gaps / gaps.mean(), np.random.default_rng(seed).integers(kinds, size=len(gaps)))

    def first(self, count: int) -> Trace:
        """Return a trace of so many requests, from the beginning again where this one ends."""
        gaps = np.resize(self.gaps, count)
        return Trace(gaps / gaps.mean(), np.resize(self.kinds, count))

    def arrivals(self, rate: float) -> Array:
        """Return when each arrives [s] at so many a second."""
        arrivals: Array = np.cumsum(self.gaps) / rate
        return arrivals


@dataclass(frozen=True)
class Expected:
    """What the simulation says of a setting at a rate [requests/s]: throughput, latencies [ms], rows in a batch on average.

    bare is p99 before it was corrected by how far off it was at other points.
    """

    rate: float
    throughput: float
    p50: float
    p99: float
    rows: float
    bare: float = math.inf


@dataclass(frozen=True)
class Found:
    """A setting with the highest rate at which it keeps the goal, as simulated."""

    setting: Setting
    expected: Expected


class Learned(NamedTuple):
    """How long things take now, beside how long they took when they were calibrated; nothing was learned by default."""

    more: Array | float = 0.0
    """[model, (first, every)]: what batches take more, in times of what a row takes alone, and of what the batch takes."""
    around: float = 1.0
    """How many times as long a call takes around its models."""


class Simulation:
    """A unit on a machine, by its costs."""

    def __init__(self, stages: Sequence[Stage], costs: Costs, cores: int, trace: Trace, seed: int = 1) -> None:
        self.stages = stages
        self.costs = costs
        self.learned = Learned()
        self.tails: list[tuple[float, float]] = []
        """Of points that were measured: p99 as simulated [ms], and how many times as long it was."""
        self._cores = cores
        self.trace = trace
        rng = np.random.default_rng(seed)
        self._wait = rng.choice(np.array(costs.waits), size=(1 + len(stages), WAITS))
        kinds = len(stages[0].inputs)
        self._width = 1 + max(1, *(stage.config.max_batch_size for stage in stages))
        self._shape = np.array([[0] * kinds, *(stage.shape for stage in costs.stages)])

    def at(self, setting: Setting, rate: float, count: int = LONG, learned: Learned | None = None) -> Expected:
        """Return what a setting does at a rate, where things take as long as they do now, or as is said."""
        done, batches, _ = self.ran(setting, rate, count, learned or self.learned)
        arrival = self.trace.first(count).arrivals(rate) * 1e6
        counted = slice(count // 5, None)
        good = done[counted] > 0
        latency = (done - arrival)[counted]
        p50, p99 = np.quantile(latency, (0.5, 0.99)) / 1e3 if good.all() else (np.inf, np.inf)
        throughput = good.sum() / (done[counted].max() - arrival[counted][0]) * 1e6
        heaviest = 1 + self.heaviest
        mean = (batches[heaviest] * np.arange(self._width)).sum() / max(1, batches[heaviest].sum())
        return Expected(rate, float(throughput), float(p50), float(p99) * self.tail(float(p99)), float(mean), float(p99))

    def tail(self, p99: float) -> float:
        """Return how many times as long as simulated [ms] p99 is, by the last points near it: a machine has slow moments."""
        if not self.tails or p99 == math.inf:
            return 1.0
        near = sorted(self.tails[: -LATEST - 1 : -1], key=lambda seen: abs(math.log(seen[0] / p99)))[:NEAREST]
        return statistics.geometric_mean(times for _, times in near)

    def ran(self, setting: Setting, rate: float, count: int, learned: Learned) -> batcher.Ran:
        """Return what becomes of so many requests at a rate, where things take so much more than calibrated."""
        trace = self.trace.first(count)
        arrival, ones = trace.arrivals(rate) * 1e6, np.ones(count, np.int64)
        chain = self.chain(setting)
        chain.service[0] *= learned.around
        chain.cold[0] *= learned.around
        models = chain.service[1:]
        more = np.broadcast_to(learned.more, (len(models), 2))
        first, every = more[:, :1, None], more[:, 1:, None]
        models[:] = np.maximum(models * (1.0 + every) + first * models[:, :, 1:2], LEAST * models)
        wait = self._wait[:, np.arange(count) % WAITS]
        return batcher.run(chain, Requests(arrival, ones, trace.kinds, ones, wait))

    @property
    def heaviest(self) -> int:
        """Return the place of the model that takes the most time."""
        return max(range(len(self.stages)), key=lambda place: self.service(place, 0)[:, 1].mean())

    def best_rate(self, setting: Setting, goal: float, count: int) -> Expected | None:
        """Return the highest rate whose p99 is within the goal [ms]; None when a hundredth of the most is too much."""
        low, high, best = 0.0, self._most(setting), None
        for _ in range(STEPS + 3 * (count == LONG)):
            rate = (low + high) / 2
            expected = self.at(setting, rate, count)
            if expected.p99 <= goal:
                low, best = rate, expected
            else:
                high = rate
        return best

    def chain(self, setting: Setting) -> Chain:
        """Return the unit as the simulation takes it: the front, then its models."""
        every = [setting[stage.name] for stage in self.stages]
        service = np.zeros((1 + len(every), self._shape.shape[1], self._width))
        service[0] = self.costs.front
        preferred = np.zeros((1 + len(every), self._width), bool)
        preferred[0, 1] = True
        for place, knobs in enumerate(every):
            table = self.service(place, knobs.threads)
            service[place + 1, :, : table.shape[1]] = table
            preferred[place + 1, list(knobs.preferred)] = True
        most = [
            1,
            *(
                1 if knobs.preferred == (1,) else stage.config.max_batch_size
                for knobs, stage in zip(every, self.stages, strict=True)
            ),
        ]
        configs = [stage.config for stage in self.stages]
        batchings = [config.dynamic_batching for config in configs]
        return Chain(
            service=service,
            preferred=preferred,
            cores=self._cores,
            shared=self.costs.shared,
            instances=np.array([self._cores, *(knobs.instances for knobs in every)]),
            threads=np.array([1, *(knobs.cores(config, self._cores) for knobs, config in zip(every, configs, strict=True))]),
            max_batch=np.array(most),
            delay=np.array([0.0, *(float(knobs.delay) for knobs in every)]),
            max_queue=np.array([0, *(batching.default_queue_policy.max_queue_size for batching in batchings)]),
            timeout=np.array([0.0, *map(_timeout, batchings)]),
            levels=np.array([1, *(max(1, int(batching.priority_levels)) for batching in batchings)]),
            shape=self._shape,
            varies=np.array([True, *(any(-1 in tensor.dims for tensor in stage.config.input) for stage in self.stages)]),
            cold=np.array([self.costs.front_cold, *(stage.cold for stage in self.costs.stages)]),
            crowd=self.costs.crowd,
            cools=np.array([self.costs.stages[0].cools, *(stage.cools for stage in self.costs.stages)]),
        )

    def service(self, place: int, threads: int) -> Array:
        """Return [kind, rows]: what a model's batches took when they were calibrated, with so many threads [us]."""
        tables = self.costs.stages[place].service
        return tables[threads if threads in tables else max(tables)]

    def _most(self, setting: Setting) -> float:
        """Return a rate that no setting reaches: every core and every instance busy with the cheapest batches."""
        least, rates = self.costs.front, []
        for place, stage in enumerate(self.stages):
            table = self.service(place, setting[stage.name].threads)[:, 1:]
            row = float((np.maximum(table.mean(axis=0), 1e-3) / np.arange(1, table.shape[1] + 1)).min())
            least += row
            rates.append(1e6 * setting[stage.name].instances / row)
        return 1.2 * min(*rates, 1e6 * self._cores / least)


def search(simulation: Simulation, start: Setting, goal: float, cores: int, watch: Callable[[int, int], None]) -> list[Found]:
    """Return the best settings first: each model's knobs in turn, the heaviest first, twice where there are several.

    Raises nothing: an empty list says that no setting keeps the goal [ms].
    """
    setting = {name: replace(knobs, delay=0) for name, knobs in start.items()}  # what another model waits is not this one's
    order = sorted(range(len(simulation.stages)), key=lambda place: place != simulation.heaviest)
    rounds = order + order[:1] if len(order) > 1 else order
    ranked: list[Found] = []
    with ThreadPoolExecutor(cores) as pool:
        for place in rounds:
            stage = simulation.stages[place]
            every = [{**setting, stage.name: knobs} for knobs in choices(stage.config, cores, goal * 1e3 / 2)]
            shorts = []
            for done, found in enumerate(pool.map(lambda one: (one, simulation.best_rate(one, goal, SHORT)), every), 1):
                watch(done, len(every))
                shorts.append(found)
            able = sorted(((one, best) for one, best in shorts if best), key=lambda pair: -pair[1].rate)
            alone = [pair for pair in able[FINALISTS:] if pair[0][stage.name].preferred == (1,)]
            able = able[:FINALISTS] + alone[:1]
            longs = pool.map(lambda pair: (pair[0], simulation.best_rate(pair[0], goal, LONG)), able)
            ranked = sorted((Found(one, best) for one, best in longs if best), key=lambda found: -found.expected.rate)
            if not ranked:
                return []
            setting = dict(simplest(ranked).setting)
    chosen = simplest(ranked)
    return [chosen, *(found for found in ranked if found is not chosen)]


def simplest(ranked: Sequence[Found]) -> Found:
    """Return the simplest of those that are nearly as good as the best: few instances and threads, little delay, no batches."""
    near = [found for found in ranked if found.expected.rate >= NEARLY * ranked[0].expected.rate]
    return min(near, key=lambda found: [_effort(knobs) for knobs in found.setting.values()])


def _timeout(batching: Any) -> float:  # noqa: ANN401 - ModelDynamicBatching
    """Return how long requests may wait before they are refused [us]; 0 where they are delayed instead, or for ever."""
    policy = batching.default_queue_policy
    return 0.0 if policy.timeout_action else float(policy.default_timeout_microseconds)


def _effort(knobs: Knobs) -> tuple[int, int, int, int]:
    return knobs.instances * max(1, knobs.threads), knobs.delay, knobs.preferred != (1,), max(knobs.preferred)
