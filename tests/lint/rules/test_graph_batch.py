def test_it_says_where_what_and_what_to_do(said):
    assert said("TR704") == [
        "example/config.pbtxt:3:61: warning TR704 a graph has batch 16, and max_batch_size is 8; lower it",
    ]
