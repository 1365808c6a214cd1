def test_it_says_where_what_and_what_to_do(said):
    assert said("TR504") == [
        "example/config.pbtxt:8:39: error TR504 the tensor 'y' is made twice; give one of the two another name",
    ]
