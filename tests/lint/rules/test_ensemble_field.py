def test_it_says_where_what_and_what_to_do(said):
    assert said("TR502") == [
        "example/config.pbtxt:4:1: error TR502 an ensemble has instance_group; state it in the members",
    ]
