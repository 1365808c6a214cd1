import json

import numpy as np
import pytest
from google.protobuf import descriptor_pb2, json_format
from tritonclient.grpc import service_pb2

from trireme import built
from trireme.errors import BenchError
from trireme.loads import bodies


@pytest.fixture
def written(sources, tmp_path):
    def write(model):
        config = built.config(sources.root / "model_repository", model)
        bodies.write(tmp_path, model, sources.unit(model).folder, config)
        return json.loads((tmp_path / "manifest.json").read_text())

    return write


def test_the_protoset_holds_the_service_and_what_it_imports_first():
    files = descriptor_pb2.FileDescriptorSet.FromString(bodies.protoset()).file
    assert [one.name for one in files][-1] == "grpc_service.proto"
    assert any(service.name == "GRPCInferenceService" for service in files[-1].service)


def test_a_message_is_the_examples_request_and_the_arrays_need_no_pickle(written, tmp_path):
    row = written("text_classification")["rows"][0]
    message = json_format.Parse((tmp_path / row["grpc"]).read_text(), service_pb2.ModelInferRequest())
    text = np.load(tmp_path / row["tensors"][0]["file"], allow_pickle=False)
    assert text.tobytes().rstrip(b"\0") in message.raw_input_contents[0]
    assert [output.name for output in message.outputs] == ["label", "confidence"]


def test_a_number_may_be_as_far_away_as_the_example_says(written):
    wanted = written("credit_risk")["rows"][0]["outputs"]["probability_of_default"]
    assert 0 < wanted["within"] < 0.01


def test_bytes_that_an_array_would_cut_are_refused():
    with pytest.raises(BenchError, match="bytes that end in NUL cannot be kept"):
        bodies._plain(np.array([b"a\0"], object))  # noqa: SLF001 - what a picture may end in
