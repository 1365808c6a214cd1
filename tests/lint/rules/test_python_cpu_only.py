def test_it_says_where_what_and_what_to_do(said):
    assert said("TR618") == [
        "example/config.pbtxt:2:72: error TR618 FORCE_CPU_ONLY_INPUT_TENSORS is 'maybe'; write yes or no",
    ]
