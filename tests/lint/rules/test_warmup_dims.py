def test_it_says_where_what_and_what_to_do(said):
    assert said("TR453") == [
        "example/config.pbtxt:7:58: error TR453 the sample's 'x' has dims [-1]; write a size for each dimension",
    ]
