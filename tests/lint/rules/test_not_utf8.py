def test_it_says_where_what_and_what_to_do(said):
    assert said("TR005") == [
        "example/config.pbtxt:2:1: warning TR005 the string at column 50 is not UTF-8; save the config as UTF-8",
    ]
