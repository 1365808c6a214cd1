def test_it_says_where_what_and_what_to_do(said):
    assert said("TR312") == [
        "example/config.pbtxt:4:1: error TR312 the response cache takes no sequences; remove one of the two",
    ]
