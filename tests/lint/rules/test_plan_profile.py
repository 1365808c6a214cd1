def test_it_says_where_what_and_what_to_do(said):
    assert said("TR621") == [
        (
            "example/config.pbtxt:3:27: error TR621 1/model.plan has no profile 2: its last is 0; name one "
            "of them, or build the plan with more"
        ),
    ]
