def test_it_says_where_what_and_what_to_do(said):
    assert said("TR306") == [
        ("example/config.pbtxt:3:39: error TR306 preserve_ordering is set, and there are 2 priorities; choose one of the two"),
    ]
