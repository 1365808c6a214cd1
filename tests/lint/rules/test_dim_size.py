def test_it_says_where_what_and_what_to_do(said):
    assert said("TR204") == [
        "example/config.pbtxt:2:48: error TR204 'x' has a dimension of 0; write a size, or -1 for one that varies",
    ]
