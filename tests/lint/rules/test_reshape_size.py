def test_it_says_where_what_and_what_to_do(said):
    assert said("TR209") == [
        ("example/config.pbtxt:3:71: error TR209 'x' is reshaped to a dimension of 0; write a size, or -1 for one that varies"),
    ]
