def test_it_says_where_what_and_what_to_do(said):
    assert said("TR213") == [
        "example/config.pbtxt:5:72: error TR213 a batch input is TYPE_INT64; it is TYPE_INT32 or TYPE_FP32",
    ]
