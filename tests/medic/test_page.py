"""What probes and Prometheus are answered."""

import json
import threading
import urllib.request
from types import SimpleNamespace
from urllib.error import HTTPError

import pytest

from trireme.medic.metrics import Metrics
from trireme.medic.page import serve
from trireme.medic.policy import Finding, Patient


@pytest.fixture
def page():
    """A page over a medic whose state the test sets, and how to ask it."""
    ill = Patient("m")
    ill.look(0, Finding.DEAD, "it died")
    medic = SimpleNamespace(patients={"m": ill}, live=True, well=True, ready=lambda: False)
    server = serve(medic, Metrics("d1"), "127.0.0.1", 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def ask(path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}{path}") as answer:
                return answer.status, answer.read()
        except HTTPError as error:
            with error:
                return error.code, error.read()

    yield ask, medic
    server.shutdown()
    server.server_close()


def test_readiness_says_who_is_ill_and_why(page):
    status, text = page[0]("/ready")
    assert (status, json.loads(text)) == (503, {"ok": False, "ill": {"m": "it died"}})


def test_a_live_server_is_200_and_one_that_is_gone_503(page):
    ask, medic = page
    assert ask("/live")[0] == 200
    medic.live = False
    assert ask("/live")[0] == 503
    assert ask("/healthz")[0] == 200


def test_metrics_name_the_repository(page):
    assert b'trireme_medic_repository_info{digest="d1"} 1.0' in page[0]("/metrics?x=1")[1]


def test_another_path_is_404(page):
    assert page[0]("/admin")[0] == 404
