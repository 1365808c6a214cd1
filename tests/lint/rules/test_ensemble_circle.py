def test_it_says_where_what_and_what_to_do(said):
    assert said("TR511") == [
        ("example/config.pbtxt:4:42: error TR511 the ensemble contains itself: example -> example; take one of the steps out"),
    ]
