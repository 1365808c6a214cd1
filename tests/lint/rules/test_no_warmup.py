def test_it_says_where_what_and_what_to_do(said):
    assert said("TR707") == [
        (
            "example/config.pbtxt:1:1: advice TR707 the goal is 50 ms, and the first requests after a load are "
            "slower: there is no warm-up; add model_warmup with a sample of the usual size"
        ),
    ]
