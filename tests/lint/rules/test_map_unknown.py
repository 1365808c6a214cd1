def test_it_says_where_what_and_what_to_do(said):
    assert said("TR513") == [
        "example/config.pbtxt:5:3: error TR513 'member' has no input 'features'; did you mean 'feature'?",
    ]
