def test_it_says_where_what_and_what_to_do(said):
    assert said("TR304") == [
        (
            "example/config.pbtxt:6:3: error TR304 there is a queue policy for priority 3, and the levels are 1 to "
            "2; name one of the levels"
        ),
    ]
