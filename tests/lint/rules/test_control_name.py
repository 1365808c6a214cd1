def test_it_says_where_what_and_what_to_do(said):
    assert said("TR401") == [
        'example/config.pbtxt:4:3: error TR401 a control input has no name; add name: "..."',
    ]
