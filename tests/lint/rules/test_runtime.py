def test_it_says_where_what_and_what_to_do(said):
    assert said("TR112") == [
        (
            "example/config.pbtxt:2:10: error TR112 the python backend has no 'libtriton_mine.so'; leave runtime "
            "out: the python backend has one of its own"
        ),
    ]
