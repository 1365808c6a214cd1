def test_it_says_where_what_and_what_to_do(said):
    assert said("TR303") == [
        (
            "example/config.pbtxt:3:1: error TR303 default_priority_level is 0, and the levels are 1 to 2; name one "
            "of the levels"
        ),
    ]
