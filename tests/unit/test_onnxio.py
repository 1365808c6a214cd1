import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trireme import onnxio

GRAPH = """
<ir_version: 8, opset_import: ["": 17]>
g (float[batch, 3] x, string[n] names, int64[2] fixed) => (bool[batch, 3] y) { y = Greater(x, weight) }
"""


def test_a_graph_states_names_types_and_whole_shapes(tmp_path):
    model = onnx.parser.parse_model(GRAPH)
    model.graph.initializer.append(onnx.helper.make_tensor("weight", 1, [1], [0.0]))
    onnx.save(model, tmp_path / "model.onnx")
    graph = onnxio.read(tmp_path / "model.onnx")
    assert [str(tensor) for tensor in graph.inputs] == ["x FP32[-1,3]", "names STRING[-1]", "fixed INT64[2]"]
    assert [str(tensor) for tensor in graph.outputs] == ["y BOOL[-1,3]"]


def test_weights_that_older_exporters_list_as_inputs_are_no_inputs(tmp_path):
    model = onnx.parser.parse_model(GRAPH.replace("int64[2] fixed", "float[1] weight"))
    model.graph.initializer.append(onnx.helper.make_tensor("weight", 1, [1], [0.0]))
    onnx.save(model, tmp_path / "model.onnx")
    assert [tensor.name for tensor in onnxio.read(tmp_path / "model.onnx").inputs] == ["x", "names"]


def test_a_shape_that_is_not_stated_is_told_from_a_scalar(tmp_path):
    model = onnx.parser.parse_model(GRAPH)
    model.graph.input[0].type.tensor_type.ClearField("shape")
    onnx.save(model, tmp_path / "model.onnx")
    assert onnxio.read(tmp_path / "model.onnx").shapeless == {"x"}


def test_files_that_hold_the_weights_are_named(tmp_path):
    model = onnx.parser.parse_model(GRAPH)
    weight = onnx.numpy_helper.from_array(np.zeros(2048, np.float32), "weight")
    model.graph.initializer.append(weight)
    onnx.save(model, tmp_path / "model.onnx", save_as_external_data=True, location="weights.bin")
    (tmp_path / "weights.bin").unlink()
    assert onnxio.read(tmp_path / "model.onnx").external == ("weights.bin",)


@pytest.mark.parametrize("size", [0, 1, 7, 40, 90])
def test_a_file_cut_short_is_a_problem_not_a_traceback(tmp_path, size):
    onnx.save(onnx.parser.parse_model(GRAPH), tmp_path / "model.onnx")
    whole = (tmp_path / "model.onnx").read_bytes()
    (tmp_path / "model.onnx").write_bytes(whole[:size])
    assert onnxio.read(tmp_path / "model.onnx").problem


@given(st.binary(max_size=300))
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_give_a_graph_or_a_problem(tmp_path, data):
    (tmp_path / "model.onnx").write_bytes(data)
    onnxio.read(tmp_path / "model.onnx")
