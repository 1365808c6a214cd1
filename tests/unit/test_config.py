import pytest

from trireme import config, modelconfig
from trireme.artefacts import Artefact
from trireme.errors import UnknownKeyError, ValueRefusedError
from trireme.spec import Model
from trireme.tensors import Tensor


def model(tmp_path, table):
    folder = tmp_path / "models" / "a"
    folder.mkdir(parents=True)
    (folder / "export.py").write_text("")
    return Model.from_table(folder, {"version": 1, **table})


def artefact(*inputs, files=("model.onnx",)):
    outputs = (Tensor("y", "TYPE_FP32", (-1, 1)),)
    return Artefact(None, dict.fromkeys(files, ""), {}, {}, {}, inputs, outputs if inputs else ())


BATCHED = artefact(Tensor("x", "TYPE_FP32", (-1, 3)))


def test_tensors_are_derived_from_the_graph_without_their_batch(tmp_path):
    found = config.configs(model(tmp_path, {"config": {"max_batch_size": 8}}), BATCHED)["config.pbtxt"]
    assert [str(tensor) for tensor in modelconfig.inputs(found)] == ["x FP32[3]"]
    assert (found.name, found.backend) == ("a", "onnxruntime")


def test_without_batching_the_whole_shape_is_stated(tmp_path):
    found = config.configs(model(tmp_path, {}), BATCHED)["config.pbtxt"]
    assert [str(tensor) for tensor in modelconfig.inputs(found)] == ["x FP32[-1,3]"]


def test_a_stated_tensor_overrides_the_derived_one(tmp_path):
    table = {"config": {"max_batch_size": 8, "input": [{"name": "x", "dims": [3, 1], "reshape": {"shape": [3]}}]}}
    found = config.configs(model(tmp_path, table), BATCHED)["config.pbtxt"]
    assert (list(found.input[0].dims), list(found.input[0].reshape.shape), found.input[0].data_type) == ([3, 1], [3], 11)


def test_a_stated_tensor_that_the_graph_has_not_is_refused(tmp_path):
    table = {"config": {"max_batch_size": 8, "input": [{"name": "xx"}]}}
    with pytest.raises(UnknownKeyError, match=r"unknown key 'xx'; (did you mean 'x'|known are: x)"):
        config.configs(model(tmp_path, table), BATCHED)


def test_a_fixed_first_dimension_under_batching_is_refused(tmp_path):
    fixed = artefact(Tensor("x", "TYPE_FP32", (1, 3)))
    with pytest.raises(ValueRefusedError, match="export it with a dynamic first dimension"):
        config.configs(model(tmp_path, {"config": {"max_batch_size": 8}}), fixed)


def test_a_format_that_does_not_say_its_tensors_asks_for_them(tmp_path):
    with pytest.raises(ValueRefusedError, match=r"state them as input = \["):
        config.configs(model(tmp_path, {}), artefact(files=("model.pt",)))


def test_an_artefact_of_no_known_name_asks_for_the_backend(tmp_path):
    with pytest.raises(
        ValueRefusedError,
        match=r"models/a/export.py wrote: \['weights.bin'\] is refused; it writes one of model.py, model.onnx",
    ):
        config.configs(model(tmp_path, {}), artefact(files=("weights.bin",)))


def test_a_variant_is_laid_over_the_config(tmp_path):
    table = {"config": {"max_batch_size": 8}, "variants": {"gpu": {"platform": "tensorrt_plan", "max_batch_size": 4}}}
    found = config.configs(model(tmp_path, table), BATCHED)
    assert (found["configs/gpu.pbtxt"].platform, found["configs/gpu.pbtxt"].backend) == ("tensorrt_plan", "")
    assert (found["configs/gpu.pbtxt"].max_batch_size, found["config.pbtxt"].max_batch_size) == (4, 8)


def test_kept_versions_are_all_served(sources):
    found = config.configs(sources.unit("credit_risk"), artefact(Tensor("features", "TYPE_FP32", (-1, 16))))["config.pbtxt"]
    assert list(found.version_policy.specific.versions) == [1, 2]
