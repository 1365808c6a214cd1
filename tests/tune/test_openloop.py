import socket
import threading
import time

import numpy as np
import pytest

from trireme.errors import CallError, UnreachableError
from trireme.tune import openloop
from trireme.tune.knobs import Knobs

pytestmark = pytest.mark.alone


@pytest.fixture(scope="module")
def ready(live):
    live.load({"sleeper": Knobs(1, 0, (8,), 0)})
    return live.http, openloop.request("sleeper", live.samples[0])


@pytest.fixture
def strange():
    """A server that answers the first request of its first connection with the bytes it is given, and goes."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(*parts):
        def answer():
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                for part in parts:
                    connection.sendall(part)
                    time.sleep(0.02)
            listener.close()

        threading.Thread(target=answer, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield serve
    listener.close()


def test_a_rate_that_the_server_keeps_is_measured_as_offered(ready):
    address, request = ready
    point = openloop.offer(address, [request], np.zeros(60, int), np.arange(60) * 0.05)
    assert (point.kept, point.failed) == (True, 0)
    assert point.offered == pytest.approx(20.0, rel=0.05)
    assert point.throughput == pytest.approx(20.0, rel=0.05)
    assert 31.0 <= point.p50 <= point.p99 < 1000.0


def test_a_latency_counts_from_when_the_request_was_due(ready):
    address, request = ready
    point = openloop.offer(address, [request], np.zeros(80, int), np.arange(80) * 0.0005)
    assert point.p99 > 100.0  # ten batches of eight, one after another
    assert point.halves < 0.8  # so that those who came first waited less


def test_more_requests_than_connections_are_all_answered(ready):
    address, request = ready
    count = openloop.MOST + 100
    point = openloop.offer(address, [request], np.zeros(count, int), np.arange(count) * 0.0005)
    assert point.failed == 0  # whether the generator keeps such a rate is the machine's affair
    assert np.isfinite(point.p99)


def test_a_rate_that_the_generator_cannot_keep_does_not_count(monkeypatch, ready):
    monkeypatch.setattr(openloop, "GRACE", 0.5)
    address, request = ready
    point = openloop.offer(address, [request], np.zeros(3000, int), np.arange(3000) * 1e-6)
    assert not point.kept


def test_a_refused_request_is_counted_as_failed_and_its_point_has_no_p99(ready):
    address, request = ready
    wrong = openloop.request("sleeper", {"x": np.ones((9, 1), np.float32)})
    point = openloop.offer(address, [request, wrong], np.array([0, 0, 0, 0, 1]), np.arange(5) * 0.05)
    assert (point.failed, point.p99) == (1, np.inf)


def test_clients_ask_again_as_soon_as_they_are_answered(ready):
    address, request = ready
    assert (
        40 < len(openloop.repeat(address, [request], 4, 1.5)) / 1.5 < 4 / 0.034
    )  # 31 ms for one at a time, at best four in 34


def test_a_client_pauses_after_each_answer(ready):
    address, request = ready
    took = openloop.repeat(address, [request], 1, 0.5, pause=0.1)
    assert 2 <= len(took) <= 4
    assert min(took) >= 0.031


def test_each_client_asks_once_at_least(ready):
    address, request = ready
    assert len(openloop.repeat(address, [request], 3, 0.0)) == 3


def test_health_checks_go_on_beside_clients(ready):
    address, request = ready
    assert len(openloop.beside(address, [request], 2, 0.5)) > 20


def test_why_a_request_was_refused_is_said(ready):
    address, _ = ready
    wrong = openloop.request("sleeper", {"x": np.ones((9, 1), np.float32)})
    with pytest.raises(CallError, match=r"batch-size must be <= 8"):
        openloop.repeat(address, [wrong], 1, 0.0)


def test_nobody_that_listens_is_said(ready):
    _, request = ready
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(UnreachableError, match=str(port)):
        openloop.repeat(f"http://127.0.0.1:{port}", [request], 1, 0.0)


def test_a_version_that_is_pinned_is_in_the_path(live):
    assert openloop.request("sleeper", live.samples[0], "3").startswith(
        b"POST /v2/models/sleeper/versions/3/infer HTTP/1.1\r\n"
    )


def test_an_answer_in_parts_is_one_answer(strange):
    parts = (
        b"HTTP/1.1 400 Bad Request\r\nInference-Header-Content-",
        b"Length: 1\r\nContent-Length: 15\r\n\r\n{",
        b'"error": "no"}',
    )
    with pytest.raises(CallError, match=r"^no$"):
        openloop.repeat(strange(*parts), [b"x"], 1, 0.0)


def test_a_connection_that_closes_is_said(strange):
    with pytest.raises(CallError, match="the server closed the connection"):
        openloop.repeat(strange(), [b"x"], 1, 0.0)


def test_what_a_server_that_goes_did_not_answer_has_failed_at_once(monkeypatch, strange):
    monkeypatch.setattr(openloop, "CONNECTIONS", 1)
    began = time.monotonic()
    point = openloop.offer(strange(), [b"x"], np.zeros(10, int), np.arange(10) * 0.02)
    assert (point.failed, point.p99) == (8, np.inf)  # the first fifth warms up
    assert time.monotonic() - began < openloop.GRACE / 2
