def test_it_says_where_what_and_what_to_do(said):
    assert said("TR406") == [
        (
            "example/config.pbtxt:6:5: error TR406 the initial state of 'in' has dims [-1], and the state [4]; use "
            "the state's dims, all known"
        ),
    ]
