def test_it_says_where_what_and_what_to_do(said):
    assert said("TR605") == [
        (
            "example/config.pbtxt:3:48: error TR605 'x' has shape [-1,4], and the graph of version 1 has [-1,3]; use "
            "the graph's sizes"
        ),
        (
            "example/config.pbtxt:3:48: error TR605 'x' has shape [-1,-1,3], and the graph of version 1 has [-1,3]; "
            "leave the batch out of dims"
        ),
        (
            "example/config.pbtxt:4:49: error TR605 'y' has shape [-1,-1,3], and the graph of version 1 has [-1,3]; "
            "leave the batch out of dims"
        ),
    ]


ONNX = """
    ==> example/config.pbtxt <==
    backend: "onnxruntime"
    %s
    output { name: "y" data_type: TYPE_FP32 dims: [ %s ] }
    ==> example/1/model.onnx <==
    (onnx) g (%s x) => (%s y) { y = Add(x, x) }
    """


def test_a_size_of_the_graph_is_stated_and_what_varies_takes_any(codes):
    stated = 'input { name: "x" data_type: TYPE_FP32 dims: [ %s ] }'
    assert codes(ONNX % (stated % "-1", 3, "float[3]", "float[3]")) == ["TR605"]
    assert codes(ONNX % (stated % "3", -1, "float[3]", "float[3]")) == ["TR605"]
    assert codes(ONNX % (stated % "3", -1, "float[n]", "float[n]")) == []


def test_a_scalar_is_stated_as_one(codes):
    stated = 'input { name: "x" data_type: TYPE_FP32 dims: [ %s ] }'
    assert codes(ONNX % (stated % "1", 1, "float", "float")) == []
    assert codes(ONNX % (stated % "2", 1, "float", "float")) == ["TR605"]
    assert codes(ONNX % ("max_batch_size: 4 " + stated % "1", 1, "float", "float")) == []


def test_a_ragged_input_is_one_dimension_without_a_batch(codes):
    ragged = (
        'max_batch_size: 4 dynamic_batching { } input { name: "x" data_type: TYPE_FP32 dims: [ -1 ] allow_ragged_batch: true }'
    )
    made = ragged + ' batch_output { kind: BATCH_SCATTER_WITH_INPUT_SHAPE target_name: "y" source_input: "x" }'
    assert codes(ONNX % (made, -1, "float[n]", "float[n]")) == []
    assert codes(ONNX % (made, -1, "float[n, 3]", "float[n]")) == ["TR605"]
