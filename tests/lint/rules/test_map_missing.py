def test_it_says_where_what_and_what_to_do(said):
    assert said("TR514") == [
        (
            "example/config.pbtxt:4:23: error TR514 the input 'mask' of 'member' is not mapped; add input_map { key: "
            '"mask" value: "..." }'
        ),
    ]


def test_an_optional_input_may_be_left_out(codes):
    example = """\
        ==> example/config.pbtxt <==
        platform: "ensemble"
        input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
        output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
        ensemble_scheduling { step { model_name: "member" model_version: -1
          input_map { key: "x" value: "x" } output_map { key: "y" value: "y" } } }
        ==> member/config.pbtxt <==
        backend: "python"
        input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
        input { name: "mask" data_type: TYPE_FP32 dims: [ 3 ] optional: true }
        output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
        """
    assert codes(example) == []
