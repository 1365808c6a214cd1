def test_it_says_where_what_and_what_to_do(said):
    assert said("TR311") == [
        "example/config.pbtxt:2:27: error TR311 a profile is stated, and only TensorRT has profiles; leave it out",
    ]
