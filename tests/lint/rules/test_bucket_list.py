def test_it_says_where_what_and_what_to_do(said):
    assert said("TR709") == [
        (
            "example/config.pbtxt:4:1: warning TR709 the buckets '32,16' are no rising list of lengths;"
            " write them as in 16,32,64"
        ),
    ]


def test_buckets_without_a_size_that_varies(codes):
    example = """\
    ==> example/config.pbtxt <==
    backend: "python"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    parameters { key: "buckets" value { string_value: "16" } }
    ==> example/1/model.py <==
    class TritonPythonModel:
        def execute(self, requests):
            return []
    """
    assert codes(example) == ["TR709"]
    assert codes(example.replace("dims: [ 3 ]", "dims: [ -1 ]")) == []
