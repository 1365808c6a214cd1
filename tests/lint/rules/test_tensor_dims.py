def test_it_says_where_what_and_what_to_do(said):
    assert said("TR203") == [
        "example/config.pbtxt:2:1: error TR203 'x' has no dims; add dims: [ ... ], -1 for a size that varies",
    ]


def test_a_backend_that_reads_the_graph_fills_them_in(codes):
    example = """\
        ==> example/config.pbtxt <==
        backend: "onnxruntime"
        input { name: "x" }
        ==> example/1/model.onnx <==
        (onnx) g (float[n, 3] x) => (float[n, 3] y) { y = Add(x, x) }
        """
    assert codes(example) == []
