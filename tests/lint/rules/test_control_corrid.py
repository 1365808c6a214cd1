def test_it_says_where_what_and_what_to_do(said):
    assert said("TR404") == [
        (
            "example/config.pbtxt:4:81: error TR404 the correlation id is TYPE_FP32; write one of TYPE_UINT64, "
            "TYPE_INT64, TYPE_UINT32, TYPE_INT32, TYPE_STRING"
        ),
    ]
