import numpy as np
import onnx
from layout import graph

from trireme import onnxio


def test_it_says_where_what_and_what_to_do(said):
    assert said("TR602") == [
        (
            "example/1/model.onnx:1:1: error TR602 model.onnx of version 1 keeps weights in 'weights.bin', which is "
            "not there; copy it beside the model"
        ),
    ]


def test_a_name_that_is_left_over_beside_inline_weights_is_nothing(tmp_path):
    model = onnx.load_from_string(graph("g (float[3] x) => (float[3] y) { y = Add(x, x) }"))
    weight = onnx.numpy_helper.from_array(np.zeros(3, np.float32), "weight")
    weight.external_data.add(key="location", value="gone.bin")
    model.graph.initializer.append(weight)
    onnx.save(model, tmp_path / "model.onnx")
    assert onnxio.read(tmp_path / "model.onnx").external == ()
