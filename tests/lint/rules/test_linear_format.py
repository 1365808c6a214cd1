def test_it_says_where_what_and_what_to_do(said):
    assert said("TR207") == [
        (
            "example/config.pbtxt:2:83: error TR207 'x' has a non-linear format, which only TensorRT has; leave "
            "is_non_linear_format_io out"
        ),
    ]
