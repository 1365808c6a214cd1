def test_it_says_where_what_and_what_to_do(said):
    assert said("TR711") == [
        (
            "example/config.pbtxt:6:44: warning TR711 'ids' is padded to 48 too, and second is made for"
            " 16, 32; give both steps the same buckets"
        ),
    ]
