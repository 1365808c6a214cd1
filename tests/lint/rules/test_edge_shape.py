def test_it_says_where_what_and_what_to_do(said):
    assert said("TR516") == [
        (
            "example/config.pbtxt:5:3: error TR516 the tensor 'x' has shape [3] for member, and [4] for example; "
            "make the shapes agree, or add a reshape to the member"
        ),
    ]


def test_a_member_that_does_not_batch_states_the_batch_itself(codes):
    example = """\
        ==> example/config.pbtxt <==
        platform: "ensemble"
        max_batch_size: 8
        input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
        output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
        ensemble_scheduling { step { model_name: "member" model_version: -1
          input_map { key: "x" value: "x" } output_map { key: "y" value: "y" } } }
        ==> member/config.pbtxt <==
        backend: "python"
        input { name: "x" data_type: TYPE_FP32 dims: [ -1, 3 ] }
        output { name: "y" data_type: TYPE_FP32 dims: [ -1, 3 ] }
        """
    assert codes(example) == []
