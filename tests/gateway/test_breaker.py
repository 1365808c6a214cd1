"""The circuit of a model: open when most calls fail, tried once after a while, closed by an answer."""

import pytest

from trireme.gateway import breaker
from trireme.gateway.breaker import CLOSED, HALF_OPEN, OPEN, Breaker
from trireme.gateway.problems import ProblemError, UnaskedError
from trireme.gateway.settings import Breaking


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(breaker.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def circuit(clock):
    return Breaker(Breaking(least_calls=10, open_seconds=2.0))


def call(circuit, code="", *, patient=True):
    def answer():
        if code:
            raise ProblemError(code, "no")

    try:
        with circuit.call("m", patient=patient):
            answer()
    except ProblemError as error:
        return error
    return None


def test_it_opens_when_half_of_the_calls_fail(circuit):
    for _ in range(5):
        call(circuit)
    for _ in range(4):
        call(circuit, "unavailable")
    assert circuit.state == CLOSED
    call(circuit, "deadline-exceeded")
    assert circuit.state == OPEN
    refusal = call(circuit)
    assert (refusal.code, refusal.retry_after) == ("unavailable", 2)


def test_what_a_client_brings_about_opens_nothing(circuit):
    for code in ("refused-by-model", "invalid-input", "overloaded", "model-failed"):
        for _ in range(20):
            call(circuit, code)
    for _ in range(50):
        call(circuit, "deadline-exceeded", patient=False)
    assert circuit.state == CLOSED


def test_one_call_tries_and_an_answer_closes_it(circuit, clock):
    for _ in range(10):
        call(circuit, "unavailable")
    clock[0] += 2.1
    with circuit.call("m"):
        assert circuit.state == HALF_OPEN
        assert call(circuit).code == "unavailable"  # the others wait for it
    assert circuit.state == CLOSED
    assert call(circuit) is None


def test_each_try_that_fails_opens_it_for_longer(circuit, clock):
    for _ in range(10):
        call(circuit, "unavailable")
    for wait in (2, 4, 8, 16, 32, 32):
        assert call(circuit).retry_after == wait
        clock[0] += wait + 0.1
        assert call(circuit, "unavailable").detail == "no"


def test_a_try_whose_client_leaves_is_tried_again(circuit, clock):
    for _ in range(10):
        call(circuit, "unavailable")
    clock[0] += 2.1
    with pytest.raises(KeyboardInterrupt), circuit.call("m"):
        raise KeyboardInterrupt
    assert call(circuit) is None
    assert circuit.state == CLOSED


def test_calls_that_began_before_it_opened_say_nothing(circuit, clock):
    old = circuit.call("m")
    old.__enter__()
    for _ in range(10):
        call(circuit, "unavailable")
    old.__exit__(None, None, None)
    assert circuit.state == OPEN


def test_what_is_long_past_is_forgotten(circuit, clock):
    for _ in range(9):
        call(circuit, "unavailable")
    clock[0] += 11
    call(circuit, "unavailable")
    assert circuit.state == CLOSED


def test_a_probe_that_is_impatient_and_late_says_nothing_and_the_next_one_tries(circuit, clock):
    for _ in range(10):
        call(circuit, "unavailable")
    clock[0] += 2.1
    assert call(circuit, "deadline-exceeded", patient=False).code == "deadline-exceeded"
    assert circuit.state == HALF_OPEN
    assert call(circuit, patient=False) is None
    assert circuit.state == CLOSED


def test_a_call_whose_time_was_gone_before_it_was_made_says_nothing(circuit):
    for _ in range(20):
        with pytest.raises(UnaskedError), circuit.call("m"):
            raise UnaskedError
    assert circuit.state == CLOSED
