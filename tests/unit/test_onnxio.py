import onnx

from trireme import onnxio

GRAPH = """
<ir_version: 8, opset_import: ["": 17]>
g (float[batch, 3] x, string[n] names, int64[2] fixed) => (bool[batch, 3] y) { y = Greater(x, weight) }
"""


def test_a_graph_states_names_types_and_whole_shapes(tmp_path):
    model = onnx.parser.parse_model(GRAPH)
    model.graph.initializer.append(onnx.helper.make_tensor("weight", 1, [1], [0.0]))
    onnx.save(model, tmp_path / "model.onnx")
    inputs, outputs = onnxio.read(tmp_path / "model.onnx")
    assert [str(tensor) for tensor in inputs] == ["x FP32[-1,3]", "names STRING[-1]", "fixed INT64[2]"]
    assert [str(tensor) for tensor in outputs] == ["y BOOL[-1,3]"]


def test_weights_that_older_exporters_list_as_inputs_are_no_inputs(tmp_path):
    model = onnx.parser.parse_model(GRAPH.replace("int64[2] fixed", "float[1] weight"))
    model.graph.initializer.append(onnx.helper.make_tensor("weight", 1, [1], [0.0]))
    onnx.save(model, tmp_path / "model.onnx")
    assert [tensor.name for tensor in onnxio.read(tmp_path / "model.onnx")[0]] == ["x", "names"]
