"""Which settings are tried, and at which rates; the server is a function of setting and rate, so that each case is known."""

from types import SimpleNamespace

import numpy as np
import pytest

from trireme.tune import openloop
from trireme.tune.knobs import Knobs
from trireme.tune.learned import Seen
from trireme.tune.openloop import Point
from trireme.tune.run import rejected
from trireme.tune.search import Expected, Found, Learned, Simulation, Trace
from trireme.tune.verify import Measured, Verifier, best_of, candidates, verify

JOINS, MORE, LONGER, ALONE = Knobs(2, 1, (8,), 0), Knobs(3, 1, (8,), 0), Knobs(2, 1, (8,), 500), Knobs(2, 1, (1,), 0)


def found(knobs, rate):
    return Found({"m": knobs}, Expected(rate, rate, 1.0, 2.0, 1.0))


class Bench:
    """Keeps the goal below a rate of each setting; from `behind` on the generator cannot keep its own."""

    def __init__(self, limits, behind=float("inf")):
        self.points, self._limits, self._behind = [], limits, behind

    def measure(self, setting, rate):
        kept, within = rate < self._behind, rate <= self._limits[setting["m"]]
        point = Point(rate, rate, 5.0, 20.0 if within else 90.0, 0, kept)
        self.points.append(Measured(setting, point, Expected(rate, rate, 1.0, 2.0, 1.0), kept and within))
        return self.points[-1]

    def best(self):
        return best_of(self.points)


def verified(bench, tried, most=10):
    return verify(bench, tried, most, lambda _: None)


def test_candidates_differ_in_more_than_delays_and_one_joins_nothing():
    ranked = [found(JOINS, 100.0), found(LONGER, 99.0), found(MORE, 98.0), found(ALONE, 50.0)]
    assert [next(iter(one.setting.values())) for one in candidates(ranked)] == [JOINS, MORE, ALONE]


def test_not_batching_wins_where_the_simulation_thought_too_well_of_batches():
    best = verified(Bench({JOINS: 40.0, ALONE: 52.0}), [found(JOINS, 100.0), found(ALONE, 50.0)])
    assert best.setting["m"] == ALONE
    assert 45.0 <= best.point.offered <= 52.0


def test_the_points_that_are_left_go_between_the_best_and_its_first_miss():
    bench = Bench({JOINS: 85.0})
    assert verified(bench, [found(JOINS, 100.0)], most=6).point.offered == pytest.approx(85.0, rel=0.05)
    assert len(bench.points) <= 6


class Lucky(Bench):
    """Keeps the goal at its first rate whatever that is, and never again above its limit."""

    def measure(self, setting, rate):
        first = all(one.setting != setting for one in self.points)
        limits, self._limits = self._limits, {setting["m"]: 1e9} if first else self._limits
        measured = super().measure(setting, rate)
        self._limits = limits
        return measured


def test_a_rate_that_was_kept_once_by_luck_is_not_believed():
    bench = Lucky({MORE: 0.0, JOINS: 80.0})
    best = verified(bench, [found(MORE, 100.0), found(JOINS, 80.0)])
    assert best.setting["m"] == JOINS
    assert best.point.offered <= 80.0
    assert [one.held for one in bench.points if one.setting["m"] == MORE] == [True, False, False]
    (row,) = rejected(SimpleNamespace(chosen=best, points=bench.points, ranked=(), beside=()))
    assert row == {
        "knobs": str(MORE),
        "why": "measured: it kept the goal by luck at 90 requests/s: it missed it there or below as often",
    }


def test_where_all_was_luck_lower_rates_are_tried_and_without_one_it_is_still_the_best_there_is():
    assert verified(Lucky({MORE: 50.0}), [found(MORE, 100.0)]).point.offered <= 50.0
    assert verified(Lucky({MORE: 0.0}), [found(MORE, 100.0)], most=4).point.offered == pytest.approx(90.0)


def test_there_are_never_more_points_than_asked_for():
    bench = Bench({JOINS: 1e9, MORE: 1e9, ALONE: 1e9})
    verified(bench, [found(JOINS, 100.0), found(MORE, 100.0), found(ALONE, 100.0)], most=5)
    assert len(bench.points) == 5


def test_a_point_at_which_the_generator_fell_behind_neither_holds_nor_misses():
    bench = Bench({JOINS: 1e9}, behind=95.0)
    best = verified(bench, [found(JOINS, 100.0)], most=4)
    assert best.point.kept
    assert not any(one.missed for one in bench.points)


def test_where_nothing_holds_there_is_no_best():
    assert verified(Bench({JOINS: 0.0}), [found(JOINS, 100.0)]) is None


@pytest.fixture
def following(stage, costed):
    """A verifier without a server, and what it is told of points: how long batches took, and how far off p99 was."""
    simulation = Simulation((stage,), costed(10_000.0, 1000.0), 2, Trace.poisson(4000, 1))
    setting, rate, count = {"sleeper": Knobs(2, 0, (4,), 0)}, 60.0, 1000
    verifier = Verifier(SimpleNamespace(unit="sleeper", samples=()), simulation, 50.0)

    def follow(slow, tail=1.0, *, kept=True):
        expected = simulation.at(setting, rate, count)
        _, batches, took = simulation.ran(setting, rate, count, Learned(np.array([[0.0, slow - 1.0]])))
        sizes = {size: (int(many), float(took[1][size])) for size, many in enumerate(batches[1]) if many}
        point = Point(rate, rate, 5.0, expected.bare * tail, 0, kept)
        verifier._follow(Seen(setting, rate, count, {"sleeper": sizes}), expected, point)  # noqa: SLF001 - without a server
        return simulation.at(setting, rate, count)

    return simulation, follow


def test_batches_take_as_long_as_they_did_in_the_last_points(following):
    simulation, follow = following
    follow(1.4, kept=False)  # the generator fell behind: it tells nothing
    assert simulation.learned == Learned()
    follow(1.4)
    assert simulation.learned.more.sum() == pytest.approx(0.4, abs=0.1)


@pytest.mark.parametrize(("p99", "told"), [(100.0, 20.0), (101.0, float("inf"))])
def test_a_drowned_point_says_nothing_by_its_median(stage, costed, monkeypatch, p99, told):
    simulation = Simulation((stage,), costed(10_000.0, 1000.0), 2, Trace.poisson(4000, 1))
    live = SimpleNamespace(unit="sleeper", samples=(), http="", load=lambda _: None, batch_stats=lambda _: {})
    monkeypatch.setattr(openloop, "offer", lambda *_: Point(60.0, 60.0, 20.0, p99, 0, kept=True))
    found = Verifier(live, simulation, 50.0).measure({"sleeper": JOINS}, 60.0)
    assert found.seen.p50 == told
    assert (simulation.learned.around == 1.0) is (told == float("inf"))


def test_p99_is_as_far_off_as_it_was_in_the_last_points(following):
    _, follow = following
    as_simulated = follow(1.0)
    for _ in range(5):
        found = follow(1.0, tail=1.5)
    assert found.p99 == pytest.approx(1.5 * as_simulated.p99, rel=0.05)
    assert found.p50 == as_simulated.p50


def test_a_point_that_drowned_does_not_say_how_far_off_p99_is(following):
    simulation, follow = following
    follow(1.0, tail=1000.0)
    assert simulation.tails == []
