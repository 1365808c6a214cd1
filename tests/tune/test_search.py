import numpy as np
import pytest

from trireme.tune.knobs import Knobs
from trireme.tune.search import Simulation, Trace, search

CORES = 2


def simulation(stage, costs):
    return Simulation((stage,), costs, CORES, Trace.poisson(4000, 1))


def best(one, goal=100.0):
    return search(one, {"sleeper": Knobs(1, 0, (8,), 0)}, goal, CORES, lambda *_: None)


def test_where_rows_are_free_batches_are_taken(stage, costed):
    found = best(simulation(stage, costed(10_000.0, 10.0)))
    assert max(found[0].setting["sleeper"].preferred) > 1
    assert found[0].expected.rows > 3


def test_where_every_row_costs_as_much_as_the_first_nothing_is_joined(stage, costed):
    found = best(simulation(stage, costed(10_000.0, 10_000.0)))
    assert found[0].setting["sleeper"] == Knobs(CORES, 0, (1,), 0)


def test_the_best_rate_keeps_the_goal_and_a_higher_one_does_not(stage, costed):
    one, setting = simulation(stage, costed(10_000.0, 100.0)), {"sleeper": Knobs(2, 0, (8,), 0)}
    found = one.best_rate(setting, 60.0, 4000)
    assert found is not None
    assert one.at(setting, found.rate).p99 <= 60.0 < one.at(setting, found.rate * 1.1).p99


def test_p99_is_as_far_off_as_it_was_at_the_last_points_near_it(stage, costed):
    one, asked = simulation(stage, costed(10_000.0, 1000.0)), ({"sleeper": Knobs(2, 0, (4,), 0)}, 60.0, 2000)
    before = one.at(*asked)
    one.tails += [(before.p99, 9.0)] * 14  # too long ago
    one.tails += [(before.p99 * near, 1.5) for near in (1.0, 0.99, 1.01, 1.02, 0.98)] + [(10 * before.p99, 3.0)] * 9
    after = one.at(*asked)
    assert after.p99 == pytest.approx(1.5 * before.p99)
    assert (after.p50, after.bare) == (before.p50, before.p99)
    assert one.tail(10 * before.p99) == pytest.approx(3.0)
    assert one.tail(float("inf")) == 1.0  # where requests are refused


def test_a_longer_goal_takes_a_higher_rate(stage, costed):
    one = simulation(stage, costed(10_000.0, 1000.0))
    rates = [best(one, goal)[0].expected.rate for goal in (25.0, 50.0, 100.0)]
    assert rates == sorted(rates)


def test_a_goal_below_a_lone_batch_finds_nothing(stage, costed):
    assert best(simulation(stage, costed(10_000.0, 100.0)), goal=5.0) == []


def test_a_model_that_costs_next_to_nothing_is_found_the_rate_that_its_requests_allow(stage, costed):
    found = best(simulation(stage, costed(10.0, 0.1, front=500.0)))
    assert 3000 < found[0].expected.rate < 1.2 * CORES * 1e6 / 500  # a run of seconds may end with a backlog


def test_a_recorded_trace_keeps_its_bursts(stage, costed):
    one = costed(10_000.0, 9000.0)
    bursts = np.repeat(np.arange(500) * 1.0, 8) + np.tile(np.arange(8) * 1e-4, 500)
    steady, bursty = (
        Simulation((stage,), one, CORES, trace).at({"sleeper": Knobs(2, 0, (1,), 0)}, 60.0)
        for trace in (Trace.poisson(4000, 1), Trace.recorded(bursts, 1))
    )
    assert bursty.p99 > 1.3 * steady.p99
    assert bursty.throughput == pytest.approx(steady.throughput, rel=0.1)


def test_arrivals_come_at_the_rate_that_is_asked_for():
    arrivals = Trace.poisson(4000, 1).arrivals(50.0)
    assert 4000 / arrivals[-1] == pytest.approx(50.0, rel=0.05)
