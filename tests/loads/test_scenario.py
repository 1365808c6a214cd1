import pytest

from trireme.loads.scenario import Outcome

COUNTS = {"answered": 97, "dropped": 0, "wrong": 0, "refused": 0, "lost": 0}
TABLE = COUNTS | {"p50": 1.0, "p99": 2.0, "seconds": 1.0, "crossed": [], "steps": []}


def outcome(scenario="load", **changed):
    return Outcome(scenario, TABLE | changed)


def step(number, answered=10):
    return {"rate": 100 * number, "name": f"step_{number}", "answered": answered, "dropped": 0, "p50": 1.0, "p99": 2.0}


def test_a_threshold_that_was_crossed_fails_the_run_and_is_named():
    found = outcome(crossed=["grpc_req_duration: p(99)<5"])
    assert not found.passed
    assert "did not hold: grpc_req_duration: p(99)<5" in list(found.lines())


def test_a_run_whose_generator_fell_behind_does_not_count():
    found = outcome(dropped=3, crossed=["dropped_iterations: count==0"])
    assert (found.counts, found.passed) == (False, False)
    assert list(found.lines())[-1] == "the generator could not keep its rate: this run does not count"


def test_under_overload_requests_may_stay_unsent():
    assert outcome("overload", dropped=300).passed


@pytest.mark.parametrize(
    ("crossed", "knee", "passed"),
    [
        ([], 300.0, True),
        (["grpc_req_duration{scenario:step_3}: p(99)<5"], 200.0, True),
        (["answered{scenario:step_1}: count>=9"], None, False),
    ],
)
def test_the_knee_is_the_last_step_before_the_first_that_failed(crossed, knee, passed):
    found = outcome("stress", crossed=crossed, steps=[step(1), step(2), step(3)])
    assert (found.knee, found.passed) == (knee, passed)


def test_steps_that_were_never_begun_do_not_count():
    assert outcome("stress", steps=[step(1), step(2, answered=0)]).knee == 100.0
