def test_it_says_where_what_and_what_to_do(said):
    assert said("TR515") == [
        (
            "example/config.pbtxt:5:3: error TR515 the tensor 'x' is TYPE_INT32 for member, and TYPE_FP32 for "
            "example; use one type on both sides, or a step that converts"
        ),
    ]
