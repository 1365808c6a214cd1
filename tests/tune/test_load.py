import numpy as np
import pytest

from trireme.tune import load
from trireme.tune.knobs import Knobs

pytestmark = pytest.mark.alone


@pytest.fixture(scope="module")
def ready(live):
    live.load({"sleeper": Knobs(1, 0, (8,), 0)})
    return live, load.body("sleeper", live.samples[0])


def test_a_rate_that_the_server_keeps_is_measured_as_offered(ready):
    live, body = ready
    point = load.offer(live.address, [body], np.zeros(60, int), np.arange(60) * 0.05)
    assert (point.kept, point.failed) == (True, 0)
    assert point.offered == pytest.approx(20.0, rel=0.05)
    assert point.throughput == pytest.approx(20.0, rel=0.05)
    assert 31.0 <= point.p50 <= point.p99 < 1000.0


def test_a_latency_counts_from_when_the_request_was_due(ready):
    live, body = ready
    point = load.offer(live.address, [body], np.zeros(80, int), np.arange(80) * 0.0005)
    assert point.p99 > 100.0  # ten batches of eight, one after another


def test_a_rate_that_the_generator_cannot_keep_does_not_count(ready):
    live, body = ready
    point = load.offer(live.address, [body], np.zeros(3000, int), np.arange(3000) * 1e-6)
    assert not point.kept


def test_a_refused_request_is_counted_as_failed_and_its_point_has_no_p99(ready):
    live, body = ready
    wrong = load.body("sleeper", {"x": np.ones((9, 1), np.float32)})
    point = load.offer(live.address, [body, wrong], np.array([0, 0, 0, 0, 1]), np.arange(5) * 0.05)
    assert (point.failed, point.p99) == (1, np.inf)


def test_clients_that_ask_again_are_counted(ready):
    live, body = ready
    rate = load.answered(live.address, [body], 4, 1.5)
    assert 40 < rate < 4 / 0.034  # 31 ms for one at a time, at best four in 34
