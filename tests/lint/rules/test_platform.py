def test_it_says_where_what_and_what_to_do(said):
    assert said("TR108") == [
        "example/config.pbtxt:1:11: error TR108 no backend belongs to platform 'python'; write backend: \"python\"",
    ]
