"""What a careless or hostile caller sends, past any client's checks: a clear refusal each, and the server stays up."""

import io
import json
import struct
import urllib.error
import urllib.request
import zlib

import numpy as np
import pytest
from PIL import Image
from tritonclient import grpc, http
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

FEATURES = np.zeros((1, 16), np.float32)
NAMED = (
    "age_years", "income_eur", "employment_years", "loan_eur", "term_months", "interest_rate_pct", "debt_to_income",
    "open_credit_lines", "credit_utilisation", "late_payments_2y", "defaults_7y", "inquiries_6m", "history_years",
    "savings_eur", "owns_home", "dependants",
)  # fmt: skip


def text(*items):
    return np.array([[item] for item in items], object)


def huge_png():
    """A PNG of 8 x 8 pixels whose header promises 60,000 x 60,000."""
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "PNG")
    data = bytearray(buffer.getvalue())
    data[16:24] = struct.pack(">II", 60_000, 60_000)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    return bytes(data)


def named(**changed):
    return {name: np.full((1, 1), changed.get(name, 1), np.float32) for name in NAMED}


CASES = [
    ("a missing input", "credit_risk", {}, "expected 1 inputs but got 0 inputs for model 'credit_risk'"),
    ("a missing feature", "credit_scoring", {k: v for k, v in named().items() if k != "loan_eur"}, "loan_eur"),
    ("an unknown input", "credit_risk", {"features": FEATURES, "feature": FEATURES}, "feature"),
    ("a wrong type", "credit_risk", {"features": FEATURES.astype(np.float64)}, "'features' data-type is 'FP64'"),
    ("a wrong rank", "credit_risk", {"features": FEATURES[None]}, "unexpected shape for input 'features'"),
    ("a wrong size", "credit_risk", {"features": FEATURES[:, :15]}, "unexpected shape for input 'features'"),
    ("too large a batch", "credit_risk", {"features": np.zeros((1025, 16), np.float32)}, "batch-size must be <= 1024"),
    ("an empty batch", "credit_risk", {"features": FEATURES[:0]}, "input byte size mismatch for input 'features'"),
    ("not a number", "credit_scoring", named(savings_eur=np.nan), "savings_eur: row 0 is nan; expected a finite number"),
    ("infinity", "credit_scoring", named(loan_eur=np.inf), "loan_eur: row 0 is inf; expected a finite number"),
    ("empty text", "text_classification", {"text": text(b"")}, "text: row 0 is empty"),
    ("very long text", "text_classification", {"text": text(b"x" * 20_000)}, "text: row 0 has 20000 characters"),
    ("text that is not UTF-8", "text_classification", {"text": text(b"\xff\xfe")}, "text: row 0 is not UTF-8"),
    ("text that is not UTF-8", "text_router", {"text": text(b"\xff\xfe")}, "text: row 0 is not UTF-8"),
    ("a zero-byte image", "image_detection", {"image": text(b"")}, "image: row 0 is empty"),
    ("a huge image", "image_detection", {"image": text(huge_png())}, "60000 x 60000 pixels; expected at most 50 megapixels"),
    ("a broken image", "image_detection", {"image": text(b"\xff\xd8\xff\xe0" + bytes(50))}, "image: row 0 is"),
]


def send(module, address, model, arrays, version=""):
    with module.InferenceServerClient(address) as client:
        inputs = []
        for name, array in arrays.items():
            item = module.InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
            item.set_data_from_numpy(array)
            inputs.append(item)
        return client.infer(model, inputs, model_version=version, **({"client_timeout": 20} if module is grpc else {}))


@pytest.mark.parametrize(("what", "model", "arrays", "sentence"), CASES, ids=[f"{case[1]}-{case[0]}" for case in CASES])
def test_over_grpc_it_is_an_invalid_argument_that_says_what_was_expected(server, what, model, arrays, sentence):
    with pytest.raises(InferenceServerException) as caught:
        send(grpc, server.grpc.removeprefix("grpc://"), model, arrays)
    assert caught.value.status() == "StatusCode.INVALID_ARGUMENT", what
    assert sentence in caught.value.message()


@pytest.mark.parametrize(("what", "model", "arrays", "sentence"), CASES, ids=[f"{case[1]}-{case[0]}" for case in CASES])
def test_over_http_it_is_a_400_that_says_what_was_expected(server, what, model, arrays, sentence):
    with pytest.raises(InferenceServerException) as caught:
        send(http, server.http.removeprefix("http://"), model, arrays)
    assert caught.value.status() == "400", what
    assert sentence in caught.value.message()


@pytest.mark.parametrize(("model", "version"), [("nope", ""), ("credit_risk", "9")])
def test_an_unknown_model_or_version_is_not_found(server, model, version):
    with pytest.raises(InferenceServerException) as caught:
        send(grpc, server.grpc.removeprefix("grpc://"), model, {"features": FEATURES}, version)
    assert caught.value.status() == "StatusCode.NOT_FOUND"
    with pytest.raises(InferenceServerException) as caught:
        send(http, server.http.removeprefix("http://"), model, {"features": FEATURES}, version)
    assert caught.value.status() == "404"
    assert "unknown model" in caught.value.message()


@pytest.mark.parametrize("body", [b"{", b'{"inputs": 3}', b'{"inputs": [{"name": "text"}]}'])
def test_json_that_is_no_request_is_refused_and_the_server_stays_up(server, body):
    request = urllib.request.Request(
        f"{server.http}/v2/models/text_classification/infer", body, {"Content-Type": "application/json"}
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=10)
    assert "error" in json.load(io.BytesIO(caught.value.read()))
    assert server.running()


def test_after_all_of_it_the_server_still_answers_rightly(server, client):
    assert client.infer("text_classification", {"text": ["What a wonderful, friendly hotel."]})["label"].item() == b"positive"
    assert server.running()


def test_good_requests_that_arrive_with_bad_ones_are_answered(server):
    import asyncio  # noqa: PLC0415

    from trireme.client import AsyncClient  # noqa: PLC0415

    async def together():
        async with AsyncClient(server.grpc) as caller:
            good, bad = b"What a wonderful, friendly hotel.", b"\xff"
            calls = [caller.infer("text_classification", {"text": [item]}) for item in (good, bad) * 20]
            return await asyncio.gather(*calls, return_exceptions=True)

    answers = asyncio.run(together())
    assert [answer["label"].item() for answer in answers[::2]] == [b"positive"] * 20
    assert all("text: row 0 is not UTF-8" in str(answer) for answer in answers[1::2])
