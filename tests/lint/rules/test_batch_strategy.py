def test_it_says_where_what_and_what_to_do(said):
    assert said("TR317") == [
        (
            "example/config.pbtxt:4:1: warning TR317 the batching strategy '/no/such/libbatching.so' is not on this "
            "machine; put it there, or leave the parameter out"
        ),
    ]
