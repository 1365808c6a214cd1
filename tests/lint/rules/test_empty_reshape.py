def test_it_says_where_what_and_what_to_do(said):
    assert said("TR208") == [
        (
            "example/config.pbtxt:2:52: error TR208 'x' is reshaped to nothing, and the model does not batch; set "
            "max_batch_size, or reshape to [ 1 ]"
        ),
    ]
