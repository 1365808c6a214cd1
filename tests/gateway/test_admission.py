"""The limit of calls at once: it grows while latency holds, shrinks when calls queue, and refuses what is over it."""

import pytest

from trireme.gateway import admission
from trireme.gateway.admission import Limiter, Rates
from trireme.gateway.problems import ProblemError, UnaskedError
from trireme.gateway.settings import Admission


@pytest.fixture
def clock(monkeypatch):
    """Time that passes when a test says so."""
    now = [0.0]
    for name in ("perf_counter", "monotonic"):
        monkeypatch.setattr(admission.time, name, lambda: now[0])
    return now


def calls(limiter, clock, seconds, *, rounds):
    """Fill the limit and let all calls take so long, again and again."""
    for _ in range(rounds):
        slots = [limiter.slot("m") for _ in range(int(limiter.limit))]
        for slot in slots:
            slot.__enter__()
        clock[0] += seconds
        for slot in slots:
            slot.__exit__(None, None, None)


def test_while_latency_holds_the_limit_grows_to_the_most(clock):
    limiter = Limiter(Admission(first=8, least=4, most=64))
    calls(limiter, clock, 0.01, rounds=20)
    assert limiter.limit == 64


def test_when_calls_queue_it_shrinks_and_comes_back(clock):
    limiter = Limiter(Admission(first=64, least=4, most=64, latency_seconds=0))
    calls(limiter, clock, 0.01, rounds=3)
    calls(limiter, clock, 0.10, rounds=3)
    shrunk = limiter.limit
    assert shrunk < 32
    calls(limiter, clock, 0.01, rounds=30)
    assert limiter.limit > shrunk


def test_a_limit_that_nobody_reaches_is_not_raised(clock):
    limiter = Limiter(Admission(first=32, least=4, most=512))
    for _ in range(500):
        with limiter.slot("m"):
            clock[0] += 0.01
    assert limiter.limit == 32


def test_over_the_limit_there_is_no_place(clock):
    limiter = Limiter(Admission(first=2, least=1, most=2))
    with limiter.slot("m"), limiter.slot("m"):
        with pytest.raises(ProblemError) as refusal, limiter.slot("m"):
            pass
        assert (refusal.value.code, limiter.shed) == ("overloaded", 1)
    with limiter.slot("m"):
        assert limiter.running == 1


def test_a_call_that_fails_gives_its_place_back(clock):
    limiter = Limiter(Admission(first=4, least=1, most=4))
    for _ in range(10):
        with pytest.raises(ProblemError), limiter.slot("m"):
            raise ProblemError("deadline-exceeded", "late")
    assert limiter.running == 0
    assert limiter.limit < 4


def test_a_key_has_its_burst_and_then_its_rate(clock):
    rates = Rates(Admission(rate_per_key=2.0, burst_per_key=3))
    for _ in range(3):
        rates.take("a")
    with pytest.raises(ProblemError) as refusal:
        rates.take("a")
    assert refusal.value.retry_after == 1
    rates.take("b")
    clock[0] += 0.5
    rates.take("a")


def test_without_a_rate_nothing_is_counted():
    rates = Rates(Admission(burst_per_key=1))
    for _ in range(100):
        rates.take("a")


def test_a_latency_that_is_tolerated_lets_batches_form(clock):
    limiter = Limiter(Admission(first=32, least=4, most=64, latency_seconds=0.1))
    calls(limiter, clock, 0.001, rounds=3)
    calls(limiter, clock, 0.08, rounds=10)
    assert limiter.limit == 64


def test_an_impatient_client_shrinks_nothing():
    limiter = Limiter(Admission(first=64, least=4, most=64))
    for _ in range(200):
        with pytest.raises(ProblemError), limiter.slot("m", patient=False):
            raise ProblemError("deadline-exceeded", "late")
    assert limiter.limit == 64


def test_a_deadline_is_patient_when_it_is_many_times_what_the_model_takes(clock):
    limiter = Limiter(Admission())
    assert not limiter.is_patient(5.0)  # nothing is known of the model yet
    calls(limiter, clock, 0.3, rounds=1)
    assert [limiter.is_patient(seconds) for seconds in (0.5, 1.1, 2.9, 3.1)] == [False, False, False, True]


def test_neither_streams_nor_calls_that_were_never_made_change_the_limit(clock):
    limiter = Limiter(Admission(first=64, least=4, most=64, latency_seconds=0))
    calls(limiter, clock, 0.01, rounds=3)
    before = limiter.limit
    for _ in range(20):
        with limiter.slot("m", stream=True):
            clock[0] += 30
        with pytest.raises(UnaskedError), limiter.slot("m"):
            raise UnaskedError
    assert limiter.limit == before


def test_buckets_that_are_full_again_are_dropped(clock, monkeypatch):
    monkeypatch.setattr(admission, "MOST_KEYS", 10)
    rates = Rates(Admission(rate_per_key=1.0, burst_per_key=2))
    for number in range(100):
        rates.take(str(number))
        clock[0] += 1.0
    assert len(rates._buckets) < 20  # noqa: SLF001 - what is kept
