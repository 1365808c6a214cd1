def test_it_says_where_what_and_what_to_do(said):
    assert said("TR505") == [
        "example/config.pbtxt:3:15: error TR505 no step takes the input 'z'; known are: x, y",
    ]
