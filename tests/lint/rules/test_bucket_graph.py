def test_it_says_where_what_and_what_to_do(said):
    assert said("TR710") == [
        (
            "example/config.pbtxt:6:16: advice TR710 requests of length 16 are padded for, and no CUDA "
            "graph has that length; add a graph_spec of length 16, or lower a bound to it"
        ),
        (
            "example/config.pbtxt:7:30: warning TR710 a graph has 'ids' of length 24, and requests have"
            " 16, 32; state a bucket's length"
        ),
    ]
