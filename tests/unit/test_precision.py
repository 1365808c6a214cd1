import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from trireme import precision

RNG = np.random.default_rng(0)
WIDE = RNG.normal(size=(64, 32)).astype(np.float32)
FILTERS = RNG.normal(size=(8, 3, 3, 3)).astype(np.float32)


def write(path, op, weights, shapes):
    node = helper.make_node(op, ["x", "w"], ["y"], name="only")
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in zip("xy", shapes, strict=True)]
    graph = helper.make_graph([node], "graph", values[:1], values[1:], [numpy_helper.from_array(weights, "w")])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10), path)
    return path


@pytest.fixture
def product(tmp_path):
    return write(tmp_path / "product.onnx", "MatMul", WIDE, (["n", 64], ["n", 32]))


@pytest.fixture
def filtered(tmp_path):
    return write(tmp_path / "filtered.onnx", "Conv", FILTERS, (["n", 3, 16, 16], ["n", 8, 14, 14]))


def run(path, values):
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"x": values})[0]


def kinds(path):
    return {node.op_type for node in onnx.load(path).graph.node}


def likeness(one, other):
    return float((one * other).sum() / np.linalg.norm(one) / np.linalg.norm(other))


def test_dynamic_int8_is_near_and_takes_and_gives_fp32(product, tmp_path):
    precision.to_dynamic_int8(product, tmp_path / "int8.onnx")
    values = RNG.normal(size=(5, 64)).astype(np.float32)
    found = run(tmp_path / "int8.onnx", values)
    assert "MatMulInteger" in kinds(tmp_path / "int8.onnx")
    assert found.dtype == np.float32
    assert likeness(found, values @ WIDE) > 0.999


def test_weights_have_seven_bits_so_that_no_processor_overflows(product, tmp_path):
    precision.to_dynamic_int8(product, tmp_path / "int8.onnx")
    weights = [numpy_helper.to_array(row) for row in onnx.load(tmp_path / "int8.onnx").graph.initializer]
    (small,) = [row for row in weights if row.dtype == np.int8 and row.size == WIDE.size]
    assert np.abs(small.astype(int)).max() <= 64


def test_a_node_that_is_kept_stays_in_fp32(product, tmp_path):
    precision.to_dynamic_int8(product, tmp_path / "int8.onnx", keep=("only",))
    assert kinds(tmp_path / "int8.onnx") == {"MatMul"}


def test_static_int8_takes_its_ranges_from_the_batches(filtered, tmp_path):
    batches = [{"x": RNG.uniform(size=(2, 3, 16, 16)).astype(np.float32)} for _ in range(4)]
    precision.to_static_int8(filtered, tmp_path / "int8.onnx", batches)
    found = run(tmp_path / "int8.onnx", batches[0]["x"])
    assert "QLinearConv" in kinds(tmp_path / "int8.onnx")
    assert likeness(found, run(filtered, batches[0]["x"])) > 0.999


def test_static_int8_keeps_a_node_as_well(filtered, tmp_path):
    batches = [{"x": RNG.uniform(size=(2, 3, 16, 16)).astype(np.float32)}]
    precision.to_static_int8(filtered, tmp_path / "int8.onnx", batches, keep=("only",))
    assert "QLinearConv" not in kinds(tmp_path / "int8.onnx")


def test_fp16_keeps_the_types_of_inputs_and_outputs(product, tmp_path):
    precision.to_half(product, tmp_path / "half.onnx", "fp16")
    values = RNG.normal(size=(5, 64)).astype(np.float32)
    found = run(tmp_path / "half.onnx", values)
    assert found.dtype == np.float32
    assert likeness(found, values @ WIDE) > 0.99999
    assert (tmp_path / "half.onnx").stat().st_size < product.stat().st_size * 0.6


def test_bf16_weights_are_rounded_from_fp32(product, tmp_path):
    import torch  # noqa: PLC0415 - the judge of rounding

    precision.to_half(product, tmp_path / "half.onnx", "bf16")
    graph = onnx.load(tmp_path / "half.onnx").graph
    (weights,) = [row for row in graph.initializer if row.data_type == TensorProto.BFLOAT16]
    expected = torch.from_numpy(WIDE).to(torch.bfloat16).float().numpy()
    assert np.array_equal(numpy_helper.to_array(weights).astype(np.float32), expected)
    assert {row.type.tensor_type.elem_type for row in (*graph.input, *graph.output)} == {TensorProto.FLOAT}
    onnx.checker.check_model(onnx.load(tmp_path / "half.onnx"), full_check=True)


def test_a_node_to_keep_that_there_is_not_is_refused(product, filtered, tmp_path):
    with pytest.raises(ValueError, match="keep: no node is called onely"):
        precision.to_dynamic_int8(product, tmp_path / "int8.onnx", keep=("onely",))
    with pytest.raises(ValueError, match="keep: no node is called onely"):
        precision.to_static_int8(filtered, tmp_path / "int8.onnx", [], keep=("onely",))
    assert not (tmp_path / "int8.onnx").exists()


def test_a_precision_that_there_is_not_is_refused(product, tmp_path):
    with pytest.raises(ValueError, match="'fp8' is none of fp16, bf16"):
        precision.to_half(product, tmp_path / "half.onnx", "fp8")
    assert not (tmp_path / "half.onnx").exists()


def test_a_graph_whose_attention_is_not_recognised_is_refused(product, tmp_path):
    with pytest.raises(ValueError, match=r"product.onnx: none of its attention was recognised"):
        precision.fuse_encoder(product, tmp_path / "fused.onnx", heads=12, width=384)
    assert not (tmp_path / "fused.onnx").exists()


SKIPPED = """
<ir_version: 8, opset_import: ["": 17, "com.microsoft": 1]>
g (float[n, 3, 8] x, float[n, 3, 8] r, float[8] scale, float[8] shift, float[8] bias) => (float[n, 3, 8] y) {
    y = com.microsoft.SkipLayerNormalization<epsilon = 0.001>(x, r, scale, shift, bias)
}
"""


def test_normalisations_that_are_split_say_the_same(tmp_path):
    model = onnx.parser.parse_model(SKIPPED)
    feeds = {"x": (2, 3, 8), "r": (2, 3, 8), "scale": (8,), "shift": (8,), "bias": (8,)}
    feeds = {name: np.random.default_rng(7).normal(size=shape).astype(np.float32) for name, shape in feeds.items()}
    before = onnxruntime.InferenceSession(model.SerializeToString()).run(None, feeds)[0]
    precision.split_norms(model.graph)
    assert [node.op_type for node in model.graph.node] == ["Sum", "LayerNormalization"]
    after = onnxruntime.InferenceSession(model.SerializeToString()).run(None, feeds)[0]
    np.testing.assert_allclose(after, before, rtol=1e-5, atol=1e-6)
