def test_it_says_where_what_and_what_to_do(said):
    assert said("TR106") == [
        "example/config.pbtxt:2:44: warning TR106 version 2 has no folder; there are 1; build it, or leave it out",
    ]
