def test_it_says_where_what_and_what_to_do(said):
    assert said("TR211") == [
        "example/config.pbtxt:3:15: warning TR211 there are two inputs 'x'; rename one, or remove it",
    ]
