def test_it_says_where_what_and_what_to_do(said):
    assert said("TR606") == [
        (
            "example/config.pbtxt:3:62: error TR606 'x' is optional, which an ONNX model with batching may not have; "
            "set max_batch_size: 0, or send it always"
        ),
        (
            "example/config.pbtxt:2:66: error TR606 'x' is optional, and the graph of version 1 has no default for it; "
            "take optional away, or export it with an initializer of that name"
        ),
        (
            "example/config.pbtxt:3:1: error TR606 the graph of version 1 has a default for 'w'; "
            "state it with optional: true, or leave it out"
        ),
    ]


def test_before_ir_4_an_initializer_is_no_default(codes):
    example = """
        ==> example/config.pbtxt <==
        backend: "onnxruntime"
        input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
        output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
        ==> example/1/model.onnx <==
        (onnx) g (float[3] x, float[3] w = {1, 1, 1}) => (float[3] y) { y = Add(x, w) }
        """
    assert codes(example) == []
    assert codes(example.replace("(onnx)", "(onnx 3)")) == []
    stated = example.replace(
        "output {", 'input { name: "w" data_type: TYPE_FP32 dims: [ 3 ] optional: true }\n        output {'
    )
    assert codes(stated) == []
    assert codes(stated.replace("(onnx)", "(onnx 3)")) == ["TR603"]
