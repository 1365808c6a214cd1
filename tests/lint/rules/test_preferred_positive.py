def test_it_says_where_what_and_what_to_do(said):
    assert said("TR301") == [
        "example/config.pbtxt:3:44: error TR301 a preferred batch size is 0; write sizes from 1 to max_batch_size",
    ]
