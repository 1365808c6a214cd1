def test_it_says_where_what_and_what_to_do(said):
    assert said("TR503") == [
        "example/config.pbtxt:4:23: error TR503 a step has no input_map; add input_map",
    ]
