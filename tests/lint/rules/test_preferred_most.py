def test_it_says_where_what_and_what_to_do(said):
    assert said("TR302") == [
        (
            "example/config.pbtxt:3:44: error TR302 a preferred batch size is 16, and max_batch_size is 8; raise "
            "max_batch_size, or lower the preferred size"
        ),
    ]
