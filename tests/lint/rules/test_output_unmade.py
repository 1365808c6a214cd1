def test_it_says_where_what_and_what_to_do(said):
    assert said("TR506") == [
        "example/config.pbtxt:3:16: error TR506 no step makes the output 'score'; known are: x, y",
    ]
