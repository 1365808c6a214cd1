import numpy as np
import pytest
from tritonclient.utils import InferenceServerException

from trireme.client import wire
from trireme.errors import CallError, DeadlineError, InputRefusedError, NotServedError, UnreachableError
from trireme.tensors import Tensor

METADATA = wire.Metadata.from_json(
    {
        "name": "m",
        "versions": ["1"],
        "inputs": [
            {"name": "x", "datatype": "FP32", "shape": ["-1", "3"]},
            {"name": "text", "datatype": "BYTES", "shape": [-1, 1]},
            {"name": "hint", "datatype": "INT64", "shape": [-1, 1]},
        ],
        "outputs": [{"name": "y", "datatype": "FP32", "shape": [-1, 1]}],
    },
    {"input": [{"name": "x"}, {"name": "text"}, {"name": "hint", "optional": True}]},
)
ADDRESS = wire.Address("grpc", "127.0.0.1", 8001)


@pytest.mark.parametrize("text", ["", "ftp://localhost", "grpc://", "localhost:port", "http://h:0"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(CallError, match="is not an address; write grpc://host:port or http://host:port"):
        wire.Address.parse(text)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("http://127.0.0.1", wire.Address("http", "127.0.0.1", 8000)),
        ("grpc://h:9", wire.Address("grpc", "h", 9)),
        ("h:9", wire.Address("grpc", "h", 9)),
    ],
)
def test_an_address_has_a_protocol_a_host_and_a_port(text, address):
    assert wire.Address.parse(text) == address


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"x": [1, 2, 3]}, "m: input 'text': is missing; the model takes text STRING[-1,1]"),
        ({"x": [1, 2, 3], "txt": ["a"]}, "m: input 'txt': the model has none; did you mean 'text'?"),
        ({"x": [1, 2], "text": ["a"]}, "m: input 'x': has shape [1, 2]; the model takes x FP32[-1,3]"),
        ({"x": [[[1, 2, 3]]], "text": ["a"]}, "m: input 'x': has shape [1, 1, 3]; the model takes x FP32[-1,3]"),
        ({"x": np.zeros((0, 3)), "text": ["a"]}, "m: input 'x': is an empty batch; the model takes x FP32[-1,3]"),
        ({"x": ["a", "b", "c"], "text": ["a"]}, "m: input 'x': x: 'text' is refused; x FP32[-1,3] takes FP32"),
        ({"x": [[1, 2, 3], [1]], "text": ["a"]}, "m: input 'x': x: 'a ragged list' is refused"),
        ({"x": [1, 2, 3], "text": [7]}, "m: input 'text': text: 7 is refused; text STRING[-1,1] takes text or bytes"),
    ],
)
def test_inputs_that_the_metadata_rules_out_are_refused_before_they_are_sent(values, sentence):
    with pytest.raises(InputRefusedError) as caught:
        METADATA.arrays(values)
    assert str(caught.value).startswith(sentence)


def test_a_value_of_one_rank_less_is_one_row_or_a_column_of_single_values():
    arrays = METADATA.arrays({"x": [1, 2, 3], "text": ["a", "b"]})
    assert (arrays["x"].shape, arrays["text"].shape) == ((1, 3), (2, 1))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (InferenceServerException("Deadline Exceeded", "StatusCode.DEADLINE_EXCEEDED"), DeadlineError),
        (InferenceServerException("failed to connect", "StatusCode.UNAVAILABLE"), UnreachableError),
        (InferenceServerException("unknown model", "StatusCode.NOT_FOUND"), NotServedError),
        (InferenceServerException("no", "400"), CallError),
        (ConnectionRefusedError(), UnreachableError),
        (TimeoutError("timed out"), DeadlineError),
    ],
)
def test_each_error_of_the_wire_is_one_of_ours(error, kind):
    assert type(wire.translate(error, ADDRESS, "m")) is kind


def test_a_traceback_from_another_server_is_cut_to_its_last_exception():
    text = "Failed:\nTraceback (most recent call last):\n  File 'x'\nValueError: too long\nAt: x"
    assert str(wire.translate(InferenceServerException(text, "500"), ADDRESS, "m")) == "m: ValueError: too long"


def test_metadata_is_typed():
    assert METADATA.outputs == (Tensor("y", "TYPE_FP32", (-1, 1)),)
