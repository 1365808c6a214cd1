def test_it_says_where_what_and_what_to_do(said):
    assert said("TR454") == [
        "example/config.pbtxt:7:3: error TR454 the file 'x.bin' is not in warmup/; put it there",
    ]
