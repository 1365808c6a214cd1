def test_it_says_where_what_and_what_to_do(said):
    assert said("TR307") == [
        (
            "example/config.pbtxt:5:42: error TR307 preserve_ordering is set, and a request that waited too long is "
            "put last (DELAY); use REJECT, or give up the order"
        ),
    ]
