"""What strangers send: a problem with a code each, within a moment, and Triton hears nothing of it."""

import gzip
import json
import socket
import time
from types import SimpleNamespace

import pytest

from trireme.gateway import settings, v2_wire
from trireme.gateway.problems import ProblemError
from trireme.gateway.schema import Schema
from trireme.tensors import Tensor

CLASSIFY = "/v1/classify"
JSON = {"content-type": "application/json"}
GOOD = b'{"items": [{"text": "a"}]}'
TENSOR = {"name": "text", "shape": [1, 1], "datatype": "BYTES", "data": ["a"]}
INFER = "/v2/models/text_classification/infer"


def v2(**changed):
    return json.dumps({"inputs": [{**TENSOR, **changed}]}).encode()


@pytest.mark.parametrize(
    ("path", "body", "headers", "code"),
    [
        (CLASSIFY, b"", JSON, "malformed-json"),
        (CLASSIFY, b"{", JSON, "malformed-json"),
        (CLASSIFY, b"\xff\xfe", JSON, "malformed-json"),
        (CLASSIFY, b"[" * 60_000, JSON, "too-large"),
        (CLASSIFY, b'{"items": ' + b"[" * 60_000 + b"]" * 60_000 + b"}", JSON, "too-large"),
        (CLASSIFY, b"[]", JSON, "invalid-input"),
        (CLASSIFY, b'{"items": []}', JSON, "invalid-input"),
        (CLASSIFY, b'{"items": [{"text": 5}]}', JSON, "invalid-input"),
        (CLASSIFY, b'{"items": [{"text": "a", "more": 1}]}', JSON, "invalid-input"),
        (CLASSIFY, b'{"items": [{"text": {"b64": "%%%"}}]}', JSON, "invalid-input"),
        (CLASSIFY, b'{"items": [' + b",".join([b'{"text": "a"}'] * 1025) + b"]}", JSON, "invalid-input"),
        ("/v1/models/credit_risk:predict", b'{"items": [{"features": [NaN]}]}', JSON, "invalid-input"),
        ("/v1/models/credit_risk:predict", b'{"items": [{"features": [1e999]}]}', JSON, "invalid-input"),
        ("/v1/models/credit_risk:predict", b'{"items": [{"features": [1, 2]}]}', JSON, "invalid-input"),
        ("/v1/models/credit_risk:predict", b'{"items": [{"features": [[1]]}]}', JSON, "invalid-input"),
        (CLASSIFY, GOOD, {"content-type": "text/plain"}, "unsupported-media-type"),
        (CLASSIFY, b"a=1&" * 1_500_000, {"content-type": "application/x-www-form-urlencoded"}, "unsupported-media-type"),
        (CLASSIFY, gzip.compress(GOOD, mtime=0), {**JSON, "content-encoding": "gzip"}, "unsupported-media-type"),
        (CLASSIFY, b" " * (17 << 20), JSON, "too-large"),
        (CLASSIFY, GOOD, {**JSON, "x-request-timeout": "soon"}, "malformed-request"),
        (CLASSIFY, GOOD, {**JSON, "x-request-timeout": "-1"}, "malformed-request"),
        (CLASSIFY, GOOD, {**JSON, "x-request-timeout": "nan"}, "malformed-request"),
        ("/v1/nothing", GOOD, JSON, "unknown-route"),
        ("/v1/models/nothing:predict", GOOD, JSON, "unknown-model"),
        ("/v1/models/credit_risk/versions/9:predict", GOOD, JSON, "unknown-model"),
        ("/healthz", GOOD, JSON, "method-not-allowed"),
        (INFER, b"", JSON, "malformed-json"),
        (INFER, v2(shape=[1, 8589934592]), JSON, "invalid-input"),
        (INFER, v2(shape=[2147483647, 1]), JSON, "invalid-input"),
        (INFER, v2(shape=[-1, 1]), JSON, "invalid-input"),
        (INFER, v2(shape=[1]), JSON, "invalid-input"),
        (INFER, v2(shape=[1] * 64), JSON, "invalid-input"),
        (INFER, v2(shape=[2, 1]), JSON, "invalid-input"),
        (INFER, v2(datatype="FP32"), JSON, "invalid-input"),
        (INFER, v2(name="other"), JSON, "invalid-input"),
        (INFER, v2(data=[5]), JSON, "invalid-input"),
        (INFER, v2(data=None), JSON, "invalid-input"),
        (INFER, v2(parameters={"shared_memory_region": "x"}), JSON, "invalid-input"),
        (INFER, b'{"inputs": []}', JSON, "invalid-input"),
        (INFER, v2(), {**JSON, "inference-header-content-length": "999"}, "malformed-request"),
        (INFER, v2(), {**JSON, "inference-header-content-length": "9" * 5000}, "malformed-request"),
        (INFER, v2() + b"rest", {**JSON, "inference-header-content-length": str(len(v2()))}, "malformed-request"),
        ("/v2/models/nothing/infer", v2(), JSON, "unknown-model"),
    ],
    ids=str,
)
def test_it_is_a_problem_with_a_code(http, path, body, headers, code):
    answer = http.post(path, content=body, headers=headers)
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (problem["code"], problem["status"]) == (code, answer.status_code)
    assert http.get(problem["type"]).json()["status"] == answer.status_code
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("number", [300, -129, 2**40])
def test_an_integer_beyond_its_type_is_refused_and_not_wrapped(number):
    served = SimpleNamespace(name="m", inputs=(Tensor("x", "TYPE_INT8", (1,)),), outputs=(), batched=True, max_batch_size=4)
    body = {"inputs": [{"name": "x", "shape": [1, 1], "datatype": "INT8", "data": [number]}]}
    with pytest.raises(ProblemError) as refusal:
        v2_wire.read(Schema(served, settings.Limits()), json.dumps(body).encode(), None)
    assert refusal.value.fields == [("inputs.0.data", "it holds a number that is no INT8")]


def test_a_flood_of_faults_is_refused_in_a_moment(http):
    body = b'{"items": [{' + b",".join(b'"k%d": 1' % number for number in range(200_000)) + b"}]}"
    answer = http.post(CLASSIFY, content=body, headers=JSON)
    assert answer.json()["detail"] == "more than 1000 fields are not what the model takes"


def test_the_server_behind_is_as_it_was(http, server):
    before = server.left()
    for _ in range(3):
        http.post(CLASSIFY, content=b"[" * 1_000_000, headers=JSON)
        http.post(INFER, content=v2(shape=[1, 8589934592]), headers=JSON)
    assert server.left() == before
    assert http.post(CLASSIFY, content=GOOD, headers=JSON).status_code == 200


def test_a_million_chunks_are_one_body(gateway):
    """Triton's own HTTP dies of them; here they are joined, and judged."""
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=30) as connection:
        head = f"POST {CLASSIFY} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        head += "transfer-encoding: chunked\r\n\r\n"
        connection.sendall(head.encode() + b"1\r\n \r\n" * 100_000 + b"0\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 400")


def test_a_client_that_dawdles_is_let_go(start_gateway, server):
    slow = start_gateway(server.grpc, "--insecure", settings="limits = { receive_seconds = 0.5 }")
    with socket.create_connection(("127.0.0.1", slow.port), timeout=30) as connection:
        connection.sendall(f"POST {CLASSIFY} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 100\r\n\r\n".encode())
        begun = time.monotonic()
        with connection.makefile("rb") as answer:
            assert b"slow-client" in answer.read()
        assert 0.4 < time.monotonic() - begun < 10


def test_a_deadline_that_cannot_be_kept_is_told(http):
    texts = [{"text": "many words " * 60} for _ in range(64)]
    answer = http.post(CLASSIFY, json={"items": texts}, headers={"x-request-timeout": "0.02"})
    assert answer.json()["code"] == "deadline-exceeded"
    assert http.post(CLASSIFY, content=GOOD, headers=JSON).status_code == 200


def schema(data_type="TYPE_FP32", dims=(-1,), **limits):
    served = SimpleNamespace(name="m", inputs=(Tensor("x", data_type, dims),), outputs=(), batched=True, max_batch_size=4)
    return Schema(served, settings.Limits(**limits))


@pytest.mark.parametrize(
    "body",
    [
        b'{"items": [{"x": [' + b'"",' * 1_000_000 + b'""]}]}',
        b'{"items": [' + b"{}," * 1_000_000 + b"{}]}",
    ],
    ids=["one list", "many items"],
)
def test_a_flood_of_faults_in_lists_takes_a_moment(body):
    begun = time.process_time()
    with pytest.raises(ProblemError) as refusal:
        schema().read(body)
    assert time.process_time() - begun < 1.5
    assert refusal.value.code in {"invalid-input", "too-large"}


def test_more_numbers_than_there_may_be_are_counted_before_they_are_parsed():
    body = b'{"items": [{"x": [' + b"0," * 10_000 + b"0]}]}"
    assert len(schema(elements=10_001).read(body)) == 1
    with pytest.raises(ProblemError, match="more than 100 elements"):
        schema(elements=100, items=1).read(body)


@pytest.mark.parametrize("item", [b'"aaaaaaaaa"', b'{"b64": "YWFhYWFhYWFh"}', '"ääääää"'.encode()])
def test_a_text_is_measured_in_bytes_however_it_is_written(item):
    with pytest.raises(ProblemError) as refusal:
        schema("TYPE_STRING", (1,), string_bytes=8).read(b'{"items": [{"x": ' + item + b"}]}")
    assert refusal.value.code == "too-large"


def test_base64_that_is_none_is_one_fault():
    with pytest.raises(ProblemError) as refusal:
        schema("TYPE_STRING", (1,)).read(b'{"items": [{"x": {"b64": "?"}}]}')
    assert refusal.value.fields == [("items.0.x", 'Input should be a text, or {"b64": ...}')]
