def test_it_says_where_what_and_what_to_do(said):
    assert said("TR622") == [
        (
            "example/config.pbtxt:3:36: error TR622 no profile of 1/model.plan covers the graph at batch 16; "
            "build the plan with such a profile, or leave the graph out"
        ),
    ]
