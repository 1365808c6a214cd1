"""What becomes of a trace under a rule."""

from pathlib import Path

import numpy as np
import pytest

from trireme.scaling import draw, report, rules
from trireme.scaling.simulate import NAIVE, Replica, run
from trireme.scaling.trace import Trace, read

ROOT = Path(__file__).parents[2]
REPLICA = Replica(capacity=50, latency=0.02, cold_start=30)


@pytest.fixture(scope="module")
def shipped():
    return rules.shipped(ROOT)


def flat(rate, seconds=600):
    return Trace("flat", (0.0, float(seconds)), (rate, rate))


def simulate(trace, rule, **options):
    return run(trace.arrivals(None), trace.seconds, rule, REPLICA, slo=0.2, **options)


def test_a_light_load_keeps_the_least_and_misses_nothing(shipped):
    found = simulate(flat(20.0), shipped)
    assert found.replicas.max() == shipped.least
    assert found.missed == 0
    assert found.replica_hours == pytest.approx(shipped.least * 600 / 3600)


def test_a_load_beyond_the_least_brings_replicas_that_serve_after_their_cold_start(shipped):
    found = simulate(flat(200.0), shipped)
    first = int(np.argmax(found.replicas > shipped.least))
    assert found.serving[first + 29] == shipped.least
    assert found.serving[first + 31] > shipped.least
    assert found.serving[-1] >= 200 / 50 / 0.8


def test_queues_and_latencies_are_those_of_too_few_replicas():
    rule = rules.fixed(rules.shipped(ROOT), 2)
    found = simulate(flat(120.0, 60), rule)
    assert found.queue[-1] == pytest.approx(60 * 20, rel=0.2)
    assert found.p99 == pytest.approx(found.queue[-1] / 100, rel=0.3)


def test_the_raw_counter_ends_at_the_most_replicas_whatever_the_load(shipped):
    naive = rules.naive(shipped)
    assert set(naive.targets) == {NAIVE}
    found = simulate(flat(60.0, 3600), naive)
    assert found.replicas[-1] == shipped.most
    assert simulate(flat(60.0, 3600), shipped).replicas[-1] == shipped.least


def test_while_prometheus_is_away_the_fallback_holds(shipped):
    found = simulate(flat(20.0), shipped, away=(200, 400), fallback=lambda number: max(number, 6))
    assert found.replicas[190] == 2
    assert found.replicas[250] == 6


def test_the_rule_that_ships_holds_the_goal_on_the_shipped_day_and_ramp_for_less_than_the_naive_one(shipped):
    for name in ("diurnal", "ramp"):
        ours, naive, _ = report.runs(read(name), REPLICA, shipped, 300.0, 0.2)
        assert ours.missed < report.GOAL
        assert ours.replica_hours < 0.9 * naive.replica_hours


def test_its_picture_is_svg_and_names_the_rules(shipped):
    found = report.runs(flat(50.0), REPLICA, shipped, 50.0, 0.2)
    text = draw.picture(found, REPLICA, "a title")
    assert text.startswith("<?xml")
    assert "</svg>" in text


def test_the_table_has_a_row_a_rule(shipped):
    lines = list(report.lines(flat(50.0), report.runs(flat(50.0), REPLICA, shipped, 50.0, 0.2)))
    assert [line.split()[0] for line in lines[2:]] == ["shipped", "naive", "fixed"]
