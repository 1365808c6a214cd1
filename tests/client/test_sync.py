import os
from pathlib import Path

import numpy as np
import pytest

from trireme.client import Client
from trireme.errors import CallError, DeadlineError, NotServedError, UnreachableError

TEXT = {"text": ["What a wonderful, friendly hotel.", "Cold soup and rude staff."]}


@pytest.fixture(params=["client", "http_client"])
def any_client(request):
    return request.getfixturevalue(request.param)


def test_an_unknown_model_is_not_served(any_client):
    with pytest.raises(NotServedError, match="nope"):
        any_client.infer("nope", {})


def test_an_unknown_version_is_not_served(any_client):
    with pytest.raises(NotServedError, match="version 7"):
        any_client.infer("credit_risk", {"features": [0] * 16}, version="7")


@pytest.mark.parametrize("address", ["grpc://127.0.0.1:9", "http://127.0.0.1:9"])
def test_where_nobody_listens_the_address_is_named(address):
    with Client(address) as nobody, pytest.raises(UnreachableError, match=f"nobody listens at {address}"):
        nobody.infer("m", {})


@pytest.mark.parametrize("address", ["grpc://127.0.0.1:9", "http://127.0.0.1:9"])
def test_where_nobody_listens_nobody_is_ready(address):
    with Client(address) as nobody:
        assert not nobody.ready()


def test_a_late_answer_over_grpc_is_a_deadline_error(client):
    with pytest.raises(DeadlineError, match="no answer from"):
        client.infer("text_classification", {"text": ["word " * 200] * 64}, timeout=0.01)


def test_a_late_answer_over_http_is_a_deadline_error_too(http_client):
    with pytest.raises(DeadlineError, match="no answer from"):
        http_client.infer("text_classification", {"text": ["word " * 200] * 32}, timeout=0.05)


def test_two_streams_of_one_client_do_not_disturb_each_other(client):
    first, second = client.stream("text_router", TEXT), client.stream("text_router", TEXT)
    assert next(first)["path"].shape == next(second)["path"].shape == (2, 1)
    assert (list(first), list(second)) == ([], [])


def test_python_values_go_in_and_numpy_comes_out(any_client):
    found = any_client.infer("text_classification", TEXT)
    assert found["label"].tolist() == [[b"positive"], [b"negative"]]
    assert found["confidence"].dtype == np.float32


def test_only_the_outputs_asked_for_come_back(any_client):
    assert list(any_client.infer("text_classification", TEXT, outputs=["label"])) == ["label"]


def test_a_version_can_be_named(any_client):
    row = {"features": [[45, 62000, 12, 8000, 24, 4.5, 0.2, 4, 0.2, 0, 0, 0, 15, 22000, 1, 1]]}
    scores = [any_client.infer("credit_risk", row, version=version)["probability_of_default"] for version in ("1", "2", "")]
    assert scores[1] == scores[2] != scores[0]


def test_request_parameters_are_taken(any_client):
    assert any_client.infer("text_router", TEXT, parameters={"tenant": "a", "priority_hint": 1})["path"].shape == (2, 1)


def test_the_server_is_ready_and_lists_its_models(any_client, sources):
    assert any_client.ready()
    assert {row["name"] for row in any_client.models()} == set(sources.names)


def test_shared_memory_gives_the_same_answer(any_client):
    plain = any_client.infer("text_classification", TEXT)
    shared = any_client.infer("text_classification", TEXT, via_shared_memory=True)
    np.testing.assert_array_equal(plain["label"], shared["label"])


def test_shared_memory_is_given_back_call_after_call(client):
    for _ in range(50):
        client.infer("credit_risk", {"features": np.zeros((64, 16), np.float32)}, via_shared_memory=True)
    assert not list(Path("/dev/shm").glob(f"trireme-client-{os.getpid()}-*"))  # noqa: S108 - where Linux keeps it


def test_a_stream_over_http_is_refused(http_client):
    with pytest.raises(CallError, match="streaming needs gRPC"):
        next(http_client.stream("text_router", TEXT))


def test_a_stream_yields_each_response_and_ends(client):
    assert [part["path"].shape for part in client.stream("text_router", TEXT)] == [(2, 1)]


def test_a_stream_that_is_refused_raises_its_error(client):
    with pytest.raises(CallError, match="text: row 0 is empty"):
        list(client.stream("text_router", {"text": [""]}))
