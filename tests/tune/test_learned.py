"""What points tell of the costs behind them; a server is simulated whose batches take other times than were calibrated."""

from dataclasses import replace

import numpy as np
import pytest

from trireme.tune import learned
from trireme.tune.knobs import Knobs
from trireme.tune.learned import Seen
from trireme.tune.search import Learned, Simulation, Trace

ALONE, JOINS = {"sleeper": Knobs(2, 0, (1,), 0)}, {"sleeper": Knobs(2, 0, (8,), 20_000)}


@pytest.fixture
def one(stage, costed):
    return Simulation((stage,), costed(10_000.0, 3000.0), 2, Trace.poisson(4000, 1))


def seen(one, setting, truth, rate=120.0, count=2000):
    """What a server would tell of a point, whose batches take so much more."""
    _, batches, took = one.ran(setting, rate, count, Learned(np.array([truth])))
    sizes = {size: (int(many), float(took[1][size])) for size, many in enumerate(batches[1]) if many}
    return Seen(setting, rate, count, {"sleeper": sizes})


@pytest.mark.parametrize("truth", [(0.3, 0.0), (-0.2, 0.2), (0.0, -0.3), (0.2, 0.3)])
def test_what_batches_take_more_is_told_by_their_sizes(one, truth):
    found = learned.more(one, [seen(one, JOINS, truth), seen(one, ALONE, truth), seen(one, JOINS, truth, 180.0)])
    assert found[0] == pytest.approx(truth, abs=0.1)


@pytest.mark.parametrize("slow", [0.7, 1.0, 1.5])
def test_one_size_tells_how_long_it_takes_and_not_why(one, slow):
    first, every = learned.more(one, [seen(one, ALONE, (0.0, slow - 1))])[0]
    assert 1 + first + every == pytest.approx(slow, abs=0.05)
    assert first == pytest.approx(every, abs=0.02)


def test_points_that_say_nothing_change_nothing(one):
    few = Seen(JOINS, 120.0, 2000, {"sleeper": {1: (2, 90_000.0)}})
    assert not learned.more(one, [few]).any()
    assert not learned.more(one, [Seen(JOINS, 120.0, 2000, {"sleeper": {}})]).any()


@pytest.mark.parametrize(("around", "told"), [(0.5, 0.5), (1.4, 1.4), (9.0, 2.0)])
def test_the_median_latency_tells_what_a_call_takes_around_its_models(stage, costed, around, told):
    one = Simulation((stage,), costed(10_000.0, 3000.0, front=2000.0), 2, Trace.poisson(4000, 1))
    point = seen(one, ALONE, (0.0, 0.0))
    p50 = one.at(ALONE, point.rate, point.count, Learned(0.0, around)).p50
    assert learned.learn(one, [replace(point, p50=p50)]).around == pytest.approx(told, rel=0.05)
    assert learned.learn(one, [point]).around == 1.0  # a median that says for how long was measured tells nothing


def test_what_is_learned_is_simulated(one):
    one.learned = Learned(np.array([[0.0, 0.5]]))
    slower = one.at(JOINS, 120.0, 2000)
    assert slower.p99 > one.at(JOINS, 120.0, 2000, Learned()).p99
    assert one.at(JOINS, 120.0, 2000, Learned(np.array([[-5.0, -5.0]]))).p99 > 0  # a batch takes some time, whatever points say
