def test_it_says_where_what_and_what_to_do(said):
    assert said("TR604") == [
        (
            "example/config.pbtxt:3:30: error TR604 'x' is TYPE_FP64, and the graph of version 1 has TYPE_FP32; use "
            "the graph's type"
        ),
    ]
