def test_it_says_where_what_and_what_to_do(said):
    assert said("TR705") == [
        "example/config.pbtxt:6:35: warning TR705 the bound's batch is 8, and the graph's 4; lower the bound",
    ]
