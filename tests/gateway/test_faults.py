"""What goes wrong behind the gateway: a decoupled model, clients that leave, a Triton that is gone."""

import json
import shutil
import signal
import socket
import time
from pathlib import Path

import httpx
import pytest

from trireme.server.process import Server

pytestmark = pytest.mark.alone
FOREIGN = Path(__file__).parents[1] / "foreign" / "decoupled"
SLOW = """import time

import numpy as np
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def execute(self, requests):
        answers = []
        for request in requests:
            seconds = float(pb_utils.get_input_tensor_by_name(request, "seconds").as_numpy().flat[0])
            end, left = time.monotonic() + seconds, 0
            while time.monotonic() < end and not left:
                left = int(request.is_cancelled())
                time.sleep(0.01)
            with open("@/seen", "a") as seen:
                seen.write(f"{left}\\n")
            answers.append(pb_utils.InferenceResponse([pb_utils.Tensor("left", np.array([left], np.int32))]))
        return answers
"""
COUNT = """import time

import numpy as np
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def execute(self, requests):
        for request in requests:
            sender = request.get_response_sender()
            seconds = float(pb_utils.get_input_tensor_by_name(request, "seconds").as_numpy().flat[0])
            if seconds < 0:
                raise ValueError("a bug in the model")
            for number in range(int(20 * seconds)):
                if sender.is_cancelled():
                    open("@/cancelled", "w").close()
                    break
                sender.send(pb_utils.InferenceResponse([pb_utils.Tensor("left", np.array([number], np.int32))]))
                time.sleep(0.05)
            sender.send(flags=pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL)
"""
CONFIG = """backend: "python"
input { name: "seconds" data_type: TYPE_FP32 dims: [ 1 ] }
output { name: "left" data_type: TYPE_INT32 dims: [ 1 ] }
instance_group { count: 2 kind: KIND_CPU }
"""


@pytest.fixture(scope="module")
def triton(tmp_path_factory):
    root = tmp_path_factory.mktemp("faults")
    shutil.copytree(FOREIGN, root / "models")
    for name, code, more in (("slow", SLOW, ""), ("count", COUNT, "model_transaction_policy { decoupled: true }")):
        (root / "models" / name / "1").mkdir(parents=True)
        (root / "models" / name / "config.pbtxt").write_text(CONFIG + more)
        (root / "models" / name / "1" / "model.py").write_text(code.replace("@", str(root)))
    with Server(root / "models", root / "log") as server:
        server.seen, server.cancelled = root / "seen", root / "cancelled"
        yield server


@pytest.fixture(scope="module")
def gateway(start_gateway, triton):
    return start_gateway(triton.grpc, "--insecure", settings="admission = { first = 4, least = 4, most = 4 }")


def wait_for(gateway, seconds, **headers):
    return httpx.post(
        f"{gateway.url}/v1/models/slow:predict", json={"items": [{"seconds": seconds}]}, headers=headers, timeout=30
    )


def test_a_decoupled_model_answers_as_events(gateway):
    with httpx.stream("POST", f"{gateway.url}/v1/models/repeat:stream", json={"items": [{"IN": [7, 9]}]}, timeout=30) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = [event for event in "".join(answer.iter_text()).split("\n\n") if event]
    assert len(events) == 3
    assert '"OUT":7' in events[0]
    assert '"OUT":9' in events[1]
    assert events[2].startswith("event: end")


def test_a_client_that_leaves_cancels_its_work(gateway, triton, wait_until):
    before = triton.seen.read_text() if triton.seen.exists() else ""
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{gateway.url}/v1/models/slow:predict", json={"items": [{"seconds": 20}]}, timeout=0.5)
    wait_until(lambda: triton.seen.exists() and triton.seen.read_text() == f"{before}1\n", seconds=10)


def test_a_deadline_cancels_the_work_too(gateway, triton, wait_until):
    before = triton.seen.read_text() if triton.seen.exists() else ""
    begun = time.monotonic()
    answer = wait_for(gateway, 20, **{"x-request-timeout": "0.5"})
    assert answer.json()["code"] == "deadline-exceeded"
    assert time.monotonic() - begun < 5
    wait_until(lambda: triton.seen.exists() and triton.seen.read_text() == f"{before}1\n", seconds=10)


def test_what_is_over_the_limit_is_refused_at_once(gateway):
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - one test needs it

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: wait_for(gateway, 1.0), range(8)))
    shed = [answer for answer in answers if answer.status_code == 503]
    assert len(shed) == 4
    assert {answer.json()["code"] for answer in shed} == {"overloaded"}
    assert all(answer.headers["retry-after"] == "1" and answer.elapsed.total_seconds() < 0.9 for answer in shed)
    assert 'gateway_shed_total{model="slow"} 4.0' in httpx.get(f"{gateway.url}/metrics").text


def test_a_triton_that_stands_still_is_not_ready_and_answers_at_the_deadline(gateway, triton):
    triton.process.send_signal(signal.SIGSTOP)
    try:
        answer = wait_for(gateway, 0, **{"x-request-timeout": "0.5"})
        assert answer.json()["code"] in {"deadline-exceeded", "unavailable"}
        assert httpx.get(f"{gateway.url}/readyz", timeout=30).status_code == 503
        assert httpx.get(f"{gateway.url}/healthz").status_code == 200
    finally:
        triton.process.send_signal(signal.SIGCONT)
    time.sleep(1.1)  # a canary's word holds for a second
    assert httpx.get(f"{gateway.url}/readyz", timeout=30).status_code == 200


MANY = {"items": [{"IN": [7] * 200_000}]}


def given_back(url):
    text = httpx.get(f"{url}/metrics").text
    return "gateway_streams 0.0" in text and 'gateway_running{model="repeat"} 0.0' in text


def test_a_client_that_leaves_in_the_middle_of_a_stream_gives_its_place_back(gateway, wait_until):
    with httpx.stream("POST", f"{gateway.url}/v1/models/repeat:stream", json=MANY, timeout=30) as answer:
        texts = answer.iter_text()  # held: one that is dropped closes the answer
        assert next(texts).startswith("data: ")
        assert not given_back(gateway.url)
    wait_until(lambda: given_back(gateway.url), seconds=10)


def test_a_client_that_leaves_in_the_middle_of_a_stream_cancels_its_work(gateway, triton, wait_until):
    ask = {"items": [{"seconds": 20}]}
    with httpx.stream("POST", f"{gateway.url}/v1/models/count:stream", json=ask, timeout=30) as answer:
        texts = answer.iter_text()
        assert '"left":0' in next(texts)
        assert not triton.cancelled.exists()
    wait_until(triton.cancelled.exists, seconds=10)


def test_a_stream_whose_model_fails_says_so(gateway):
    ask = {"items": [{"seconds": -1}]}
    answer = httpx.post(f"{gateway.url}/v1/models/count:stream", json=ask, timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (502, "model-failed")
    assert "bug" not in answer.text


def test_a_stream_to_its_end_is_counted_as_answered(gateway, wait_until):
    ask = {"items": [{"seconds": 0.2}]}
    with httpx.Client() as http:
        answer = http.post(f"{gateway.url}/v1/models/count:stream", json=ask, timeout=30)
    assert answer.text.endswith("event: end\ndata: {}\n\n")
    wait_until(lambda: any(row["request"] == answer.headers["x-request-id"] for row in gateway.rows()), seconds=10)
    assert next(row for row in gateway.rows() if row["request"] == answer.headers["x-request-id"])["status"] == 200


def test_a_client_that_reads_nothing_of_a_stream_gives_its_place_back(start_gateway, triton, wait_until):
    gateway = start_gateway(triton.grpc, "--insecure", settings="limits = { send_seconds = 1.0 }")
    body = json.dumps(MANY).encode()
    head = "POST /v1/models/repeat:stream HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    head += f"content-length: {len(body)}"
    with socket.create_connection(("127.0.0.1", gateway.port)) as silent:
        silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        silent.sendall(head.encode() + b"\r\n\r\n" + body)
        wait_until(lambda: not given_back(gateway.url), seconds=10)
        wait_until(lambda: given_back(gateway.url), seconds=20)


def test_without_a_triton_the_gateway_says_so_and_goes_on(gateway, triton):
    triton.kill()
    assert wait_for(gateway, 0).json()["code"] == "unavailable"
    assert httpx.get(f"{gateway.url}/healthz").status_code == 200
    time.sleep(1.1)
    assert httpx.get(f"{gateway.url}/readyz", timeout=30).json()["unready"]["slow"] == "unavailable"


def test_many_probes_at_once_are_one(start_gateway, tmp_path):
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - as above

    root = tmp_path / "models"
    (root / "slow" / "1").mkdir(parents=True)
    (root / "slow" / "config.pbtxt").write_text(CONFIG)
    (root / "slow" / "1" / "model.py").write_text(SLOW.replace("@", str(tmp_path)))
    with Server(root, tmp_path / "log") as triton:
        gateway = start_gateway(triton.grpc, "--insecure")
        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda _: httpx.get(f"{gateway.url}/readyz", timeout=30).status_code, range(20)))
    assert set(answers) == {200}
    assert len((tmp_path / "seen").read_text().splitlines()) <= 2
