import pytest
from tritonclient.grpc.model_config_pb2 import ModelConfig

from trireme import modelconfig
from trireme.errors import UnknownKeyError, ValueRefusedError

EVERY_FIELD = {
    "max_batch_size": 8,
    "input": [{"name": "x", "data_type": "TYPE_FP32", "dims": [2], "reshape": {"shape": [1, 2]}, "optional": True}],
    "output": [{"name": "y", "data_type": "TYPE_STRING", "dims": [-1]}],
    "instance_group": [{"kind": "KIND_CPU", "count": 2}],
    "dynamic_batching": {"preferred_batch_size": [4], "max_queue_delay_microseconds": 100},
    "parameters": {"intra_op_thread_count": {"string_value": "2"}},
    "optimization": {"graph": {"level": 1}},
    "version_policy": {"specific": {"versions": [1, 2]}},
    "response_cache": {"enable": True},
    "model_warmup": [
        {"name": "w", "batch_size": 1, "inputs": {"x": {"data_type": "TYPE_FP32", "dims": [2], "zero_data": True}}}
    ],
}


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"max_batchsize": 8}, "config: unknown key 'max_batchsize'; did you mean 'max_batch_size'?"),
        (
            {"dynamic_batching": {"max_queue_delay": 1}},
            "config.dynamic_batching: unknown key 'max_queue_delay'; did you mean 'max_queue_delay_microseconds'?",
        ),
        ({"input": [{"nam": "x"}]}, "config.input[0]: unknown key 'nam'; did you mean 'name'?"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_field_of_tritons(table, sentence):
    with pytest.raises(UnknownKeyError) as caught:
        modelconfig.parse(table, "config")
    assert str(caught.value) == sentence


def test_a_bad_dtype_is_refused_with_the_nearest():
    with pytest.raises(
        ValueRefusedError, match=r"config.input\[0\].data_type: 'TYPE_FP31' is refused; did you mean 'TYPE_FP32'"
    ):
        modelconfig.parse({"input": [{"data_type": "TYPE_FP31"}]}, "config")


@pytest.mark.parametrize("table", [{"max_batch_size": "many"}, {"max_batch_size": 1.5}, {"input": 3}, {"dynamic_batching": []}])
def test_a_value_of_the_wrong_kind_is_refused(table):
    with pytest.raises(ValueRefusedError, match="config"):
        modelconfig.parse(table, "config")


def test_a_field_newer_than_24_10_is_refused_with_its_release_outside_a_variant():
    table = {"ensemble_scheduling": {"max_inflight_requests": 2}}
    with pytest.raises(ValueRefusedError, match=r"since 25\.11"):
        modelconfig.parse(table, "config")
    assert modelconfig.parse(table, "config", allow_newer=True).ensemble_scheduling.max_inflight_requests == 2


def test_every_field_survives_the_way_to_text_and_back():
    config = modelconfig.parse(EVERY_FIELD, "config")
    assert modelconfig.from_text(modelconfig.to_text(config, "models/a/model.toml")) == config


def test_the_text_names_its_source_in_the_first_line():
    text = modelconfig.to_text(ModelConfig(name="a"), "models/a/model.toml")
    assert text.splitlines()[0] == "# Built from models/a/model.toml by `make repo`: edit that, not this."


def test_an_overlay_merges_tables_and_replaces_the_rest():
    base = {"a": {"b": 1, "c": 2}, "d": [1]}
    assert modelconfig.overlay(base, {"a": {"b": 3}, "d": [2]}) == {"a": {"b": 3, "c": 2}, "d": [2]}


def test_tensors_are_read_with_their_types_and_dims():
    config = modelconfig.parse(EVERY_FIELD, "config")
    assert [str(tensor) for tensor in (*modelconfig.inputs(config), *modelconfig.outputs(config))] == [
        "x FP32[2]",
        "y STRING[-1]",
    ]
    assert modelconfig.inputs(config)[0].optional
