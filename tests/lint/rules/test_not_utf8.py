def test_it_says_where_what_and_what_to_do(said):
    assert said("TR005") == [
        "example/config.pbtxt:2:1: warning TR005 the config is not UTF-8 at line 2, column 51; save it as UTF-8",
    ]
