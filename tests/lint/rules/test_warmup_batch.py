def test_it_says_where_what_and_what_to_do(said):
    assert said("TR455") == [
        "example/config.pbtxt:6:15: error TR455 the sample 'many' has a batch of 16, and max_batch_size is 8; lower it",
    ]
