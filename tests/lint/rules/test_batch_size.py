def test_it_says_where_what_and_what_to_do(said):
    assert said("TR113") == [
        (
            "example/config.pbtxt:2:17: error TR113 max_batch_size is -1; write 0 for a model that does not batch, "
            "else the largest batch"
        ),
    ]
