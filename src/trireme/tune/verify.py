"""The best few settings on the real server: which one really takes the highest rate within the goal."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trireme.tune import learned, openloop
from trireme.tune.learned import Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from trireme.tune.knobs import Knobs
    from trireme.tune.live import Live
    from trireme.tune.openloop import Point
    from trireme.tune.search import Expected, Found, Setting, Simulation

    Watch = Callable[[str], None]

CANDIDATES = 2
FIRST, UP, DOWN = 0.9, 1.06, 0.75
"""Of the simulated rate: where a setting is tried first, and next when it kept the goal or did not."""
FURTHER, NEAR = 1.08, 1.02
"""Of the best rate: how far above it is tried when nothing is known of there, and what is near enough to it."""
SECONDS = 5.0
LATEST = 5
"""Points that say how long things take now."""
DROWNED = 2.0
"""Times the goal: beyond, a p99 says for how long was measured."""
MOST_TAIL = 3.0
"""Times the simulated p99, or the other way round, that slow moments are believed to make."""
FEWEST = 400
"""Requests of a point: with fewer, a 99th percentile is one request or two."""


@dataclass(frozen=True)
class Measured:
    """One point: a setting at a rate, as measured and as simulated; held says that it keeps the goal, missed that it does not.

    It is neither when the generator fell behind: then it says nothing of the server.
    """

    setting: Mapping[str, Knobs]
    point: Point
    expected: Expected
    held: bool
    seen: Seen | None = None

    @property
    def missed(self) -> bool:
        """Say that the goal was missed by the server, not by the generator."""
        return self.point.kept and not self.held


class Verifier:
    """Measures settings of a loaded unit, a few seconds each, and remembers every point."""

    def __init__(self, live: Live, simulation: Simulation, goal: float, *, seconds: float = SECONDS) -> None:
        self.points: list[Measured] = []
        self.goal = goal
        self._live = live
        self._simulation = simulation
        self._seconds = seconds
        self._requests = [openloop.request(live.unit, sample) for sample in live.samples]
        self._loaded: Mapping[str, Knobs] = {}
        self._seen: list[Seen] = []

    def measure(self, setting: Setting, rate: float) -> Measured:
        """Offer a rate [requests/s] to a setting, loaded first where it is another one.

        Raises:
            ServerError: Triton refused the setting.

        """
        if setting != self._loaded:
            self._live.load(setting)
            self._loaded = dict(setting)
        trace = self._simulation.trace.first(max(FEWEST, int(rate * self._seconds)))
        count = len(trace.kinds)
        expected = self._simulation.at(setting, rate, count)
        before = self._batches()
        point = openloop.offer(self._live.http, self._requests, trace.kinds, trace.arrivals(rate))
        p50 = point.p50 if point.p99 <= DROWNED * self.goal else math.inf
        seen = Seen(setting, rate, count, _between(before, self._batches()), p50)
        self._follow(seen, expected, point)
        found = Measured(setting, point, expected, point.kept and point.p99 <= self.goal, seen)
        self.points.append(found)
        return found

    def _follow(self, seen: Seen, expected: Expected, point: Point) -> None:
        """Let things take as long as in the last points, and p99 be as far off as it was there.

        Off from what was expected there, which told recorded points better than what is simulated once the batches are known.
        """
        if not point.kept:
            return
        self._seen.append(seen)
        self._simulation.learned = learned.learn(self._simulation, self._seen[-LATEST:])
        if max(expected.bare, point.p99) <= DROWNED * self.goal:
            times = min(max(point.p99 / expected.bare, 1 / MOST_TAIL), MOST_TAIL)
            self._simulation.tails.append((expected.bare, times))

    def _batches(self) -> dict[str, dict[int, tuple[int, int]]]:
        """Return the batches of each model of the unit until now: how many of each size, and the nanoseconds they took."""
        return {stage.name: self._live.batch_stats(stage) for stage in self._simulation.stages}

    def best(self) -> Measured | None:
        """Return the point of the highest throughput that kept the goal, as best_of does."""
        return best_of(self.points)


def _between(
    before: Mapping[str, Mapping[int, tuple[int, int]]], after: Mapping[str, Mapping[int, tuple[int, int]]]
) -> dict[str, dict[int, tuple[int, float]]]:
    """Return what came between two looks at the batches, with microseconds."""
    none = (0, 0)
    return {
        name: {
            size: (count - before[name].get(size, none)[0], (spent - before[name].get(size, none)[1]) / 1e3)
            for size, (count, spent) in sizes.items()
            if count > before[name].get(size, none)[0]
        }
        for name, sizes in after.items()
    }


def best_of(points: Sequence[Measured]) -> Measured | None:
    """Return the point of the highest throughput that kept the goal, not by luck where there is another; None when none did."""
    held = [one for one in points if one.held]
    return max([one for one in held if not lucky(one, points)] or held, key=lambda one: one.point.throughput, default=None)


def lucky(one: Measured, points: Sequence[Measured]) -> bool:
    """Say that it was luck: its setting missed the goal at that rate and less as often as it kept it at that and more."""
    same, rate = [other for other in points if other.setting == one.setting], one.point.offered
    kept = sum(other.held for other in same if other.point.offered * NEAR >= rate)
    return sum(other.missed for other in same if other.point.offered <= rate * NEAR) >= kept


def verify(verifier: Verifier, tried: Sequence[Found], most: int, watch: Watch) -> Measured | None:
    """Return the best point of a few settings, from at most so many points; None when none kept the goal.

    The best is measured again before it is believed, and before a higher rate is tried.
    """
    for found in tried:
        if len(verifier.points) + 2 > most:
            break
        watch(str_of(found.setting))
        rate = found.expected.rate
        first = verifier.measure(found.setting, FIRST * rate)
        verifier.measure(found.setting, (UP if first.held else DOWN) * rate)
    while (best := verifier.best()) is not None and len(verifier.points) < most:
        rate = best.point.offered
        others = [one for one in verifier.points if one.setting == best.setting and one is not best]
        if lucky(best, verifier.points):  # so is every other
            rate = DOWN * min(one.point.offered for one in others)
        elif any(rate / NEAR <= one.point.offered <= rate * NEAR for one in others):
            missed = [one.point.offered for one in others if one.missed and one.point.offered > rate]
            ceiling = min(missed, default=rate * FURTHER)
            if ceiling < rate * NEAR or len(verifier.points) + 2 > most:
                break
            rate = (rate + ceiling) / 2
        watch(str_of(best.setting))
        verifier.measure(best.setting, rate)
    return verifier.best()


def candidates(ranked: Sequence[Found]) -> list[Found]:
    """Return a few settings, the best first, that differ in more than delays and second sizes; one of them joins nothing.

    Batching must not lose to not batching, whatever the simulation says of it.
    """
    chosen: dict[object, Found] = {}
    for found in ranked:
        kind = tuple((name, knobs.instances, knobs.threads, knobs.preferred[0]) for name, knobs in found.setting.items())
        chosen.setdefault(kind, found)
    few = list(chosen.values())[:CANDIDATES]
    alone = [found for found in ranked if all(knobs.preferred == (1,) for knobs in found.setting.values())]
    return [*few, *(found for found in alone[:1] if found not in few)]


def str_of(setting: Setting) -> str:
    """Return a setting for people: a model alone by its knobs, several by their names."""
    if len(setting) == 1:
        return str(next(iter(setting.values())))
    return "; ".join(f"{name}: {knobs}" for name, knobs in setting.items())
