def test_it_says_where_what_and_what_to_do(said):
    assert said("TR603") == [
        "example/config.pbtxt:3:1: error TR603 the graph of version 1 needs the input 'x'; state it in the config",
        "example/config.pbtxt:3:15: error TR603 the graph of version 1 has no input 'features'; known are: x",
    ]
