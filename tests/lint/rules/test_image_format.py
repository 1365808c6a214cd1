def test_it_says_where_what_and_what_to_do(said):
    assert said("TR205") == [
        (
            "example/config.pbtxt:2:68: error TR205 'x' has a format for images and 4 dims; give it three dims "
            "without the batch, or leave the format out"
        ),
    ]
