def test_it_says_where_what_and_what_to_do(said):
    assert said("TR214") == [
        "example/config.pbtxt:5:96: error TR214 there is no input 'y'; known are: x",
    ]
