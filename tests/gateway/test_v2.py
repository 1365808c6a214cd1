"""KServe's v2 protocol: tritonclient's own HTTP client works against the gateway."""

import io

import httpx
import numpy as np
import pytest
import tritonclient.http
from PIL import Image
from tritonclient.utils import InferenceServerException

from trireme.client import Client


@pytest.fixture(scope="module")
def triton(gateway):
    with tritonclient.http.InferenceServerClient(f"127.0.0.1:{gateway.port}") as client:
        yield client


def text(*items, binary=True):
    tensor = tritonclient.http.InferInput("text", [len(items), 1], "BYTES")
    tensor.set_data_from_numpy(np.array([[item] for item in items], object), binary_data=binary)
    return [tensor]


def test_health_and_metadata(triton):
    assert triton.is_server_live()
    assert triton.is_server_ready()
    assert triton.is_model_ready("credit_risk", "1")
    assert triton.get_model_metadata("credit_risk")["inputs"] == [{"name": "features", "datatype": "FP32", "shape": [-1, 16]}]
    assert triton.get_server_metadata()["extensions"] == ["binary_tensor_data"]


@pytest.mark.parametrize("sent", [True, False])
@pytest.mark.parametrize("wanted", [True, False])
def test_tensors_travel_as_json_and_as_bytes(triton, sent, wanted):
    outputs = [tritonclient.http.InferRequestedOutput(name, binary_data=wanted) for name in ("label", "confidence")]
    result = triton.infer("text_classification", text(b"A charming crew", b"Cold soup", binary=sent), outputs=outputs)
    labels = result.as_numpy("label").reshape(-1).tolist()
    assert [label.decode() if isinstance(label, bytes) else label for label in labels] == ["positive", "negative"]
    assert result.as_numpy("confidence").dtype == np.float32


def test_triremes_own_client_works_too(gateway):
    with Client(gateway.url) as own:
        assert own.infer("text_classification", {"text": [b"A charming crew"]})["label"].tolist() == [[b"positive"]]


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_number_that_is_none_is_refused_in_bytes_too(triton, number):
    tensor = tritonclient.http.InferInput("features", [1, 16], "FP32")
    tensor.set_data_from_numpy(np.full((1, 16), number, np.float32))
    with pytest.raises(InferenceServerException, match="not finite"):
        triton.infer("credit_risk", [tensor])


def test_a_body_over_a_limit_is_a_sentence_for_the_client(triton):
    with pytest.raises(InferenceServerException, match="larger than"):
        triton.infer("text_classification", text(b"x" * 20_000_000))


def test_numbers_are_what_grpc_gives(triton, client):
    features = np.linspace(-1, 1, 32, dtype=np.float32).reshape(2, 16)
    tensor = tritonclient.http.InferInput("features", [2, 16], "FP32")
    tensor.set_data_from_numpy(features)
    result = triton.infer("credit_risk", [tensor], model_version="1")
    wanted = client.infer("credit_risk", {"features": features}, version="1")
    for name, array in wanted.items():
        assert np.array_equal(result.as_numpy(name), array)


def test_a_refusal_is_an_exception_with_a_sentence(triton):
    with pytest.raises(InferenceServerException, match=r"a field is not what the model takes; inputs.0.name: .* no such input"):
        triton.infer("credit_risk", text(b"a"))
    with pytest.raises(InferenceServerException):
        triton.get_model_metadata("nothing")


def test_a_timeout_of_the_protocol_is_the_requests_time(triton):
    with pytest.raises(InferenceServerException, match="deadline"):
        triton.infer("text_classification", text(*[b"a rather long sentence " * 30] * 16), timeout=1500)


def test_an_image_that_would_be_too_large_is_refused(start_gateway, server):
    gateway = start_gateway(server.grpc, "--insecure", settings="limits = { pixels = 100 }")
    file = io.BytesIO()
    Image.new("RGB", (20, 10)).save(file, "PNG")
    tensor = tritonclient.http.InferInput("image", [1, 1], "BYTES")
    tensor.set_data_from_numpy(np.array([[file.getvalue()]], object))
    with (
        tritonclient.http.InferenceServerClient(f"127.0.0.1:{gateway.port}") as client,
        pytest.raises(InferenceServerException, match="more than 100 pixels"),
    ):
        client.infer("image_detection", [tensor])
    answer = httpx.post(f"{gateway.url}/v1/detect", files={"image": file.getvalue()}, timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
