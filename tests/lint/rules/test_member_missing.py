def test_it_says_where_what_and_what_to_do(said):
    assert said("TR508") == [
        "example/config.pbtxt:4:42: error TR508 there is no model 'membre'; did you mean 'member'?",
    ]
