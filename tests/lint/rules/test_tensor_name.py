def test_it_says_where_what_and_what_to_do(said):
    assert said("TR201") == [
        'example/config.pbtxt:2:1: error TR201 an input has no name; add name: "..."',
    ]
