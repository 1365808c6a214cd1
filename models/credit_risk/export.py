"""The network as ONNX: a graph in text, with the trained weights as its initialisers."""

from pathlib import Path

import onnx
from onnx import numpy_helper, parser
from safetensors.numpy import load_file

GRAPH = """
<ir_version: 8, opset_import: ["": 17]>
credit_risk (float[batch, 16] features) => (float[batch, 1] probability_of_default) {
    centred = Sub(features, mean)
    scaled = Div(centred, deviation)
    first = Gemm(scaled, weight_1, bias_1)
    first_on = Relu(first)
    second = Gemm(first_on, weight_2, bias_2)
    second_on = Relu(second)
    logit = Gemm(second_on, weight_3, bias_3)
    probability_of_default = Sigmoid(logit)
}
"""


def export(out: Path) -> None:
    model = parser.parse_model(GRAPH)
    weights = load_file(Path(__file__).with_name("weights.safetensors"))
    model.graph.initializer.extend(numpy_helper.from_array(array, name) for name, array in sorted(weights.items()))
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, out / "model.onnx")
