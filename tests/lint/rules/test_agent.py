def test_it_says_where_what_and_what_to_do(said):
    assert said("TR114") == [
        "example/config.pbtxt:2:42: error TR114 the server has no repository agent 'encrypt'; there is none",
    ]
