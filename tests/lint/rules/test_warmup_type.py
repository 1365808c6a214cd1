def test_it_says_where_what_and_what_to_do(said):
    assert said("TR452") == [
        (
            "example/config.pbtxt:7:40: error TR452 the sample's 'x' is TYPE_INT32, and the input is TYPE_FP32; use "
            "the input's type"
        ),
    ]
