def test_it_says_where_what_and_what_to_do(said):
    assert said("TR509") == [
        "example/config.pbtxt:4:42: error TR509 'member' will not load (TR113); mend it first",
    ]
