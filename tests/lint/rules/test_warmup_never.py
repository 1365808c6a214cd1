def test_it_says_where_what_and_what_to_do(said):
    assert said("TR456") == [
        "example/config.pbtxt:4:1: warning TR456 the sample 'one' never runs: batch_size is 0; add batch_size: 1",
    ]
