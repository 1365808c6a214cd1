def test_it_says_where_what_and_what_to_do(said):
    assert said("TR452") == [
        (
            "example/config.pbtxt:7:40: error TR452 the sample's 'x' is TYPE_INT32, and the input is TYPE_FP32; use "
            "the input's type"
        ),
    ]


def test_a_tensor_that_is_no_input_needs_a_type_all_the_same(codes):
    config = """\
        backend: "python"
        input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
        model_warmup {
          name: "one"
          batch_size: 1
          inputs { key: "x" value { data_type: TYPE_FP32 dims: [ 3 ] zero_data: true } }
          inputs { key: "q" value { dims: [ 3 ] zero_data: true } }
        }
        """
    assert codes(config) == ["TR452"]
