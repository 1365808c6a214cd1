def test_it_says_where_what_and_what_to_do(said):
    assert said("TR002") == [
        (
            "example/config.pbtxt:3:1: error TR002 the config does not parse: 'max_batch_size' is stated twice; "
            "mend the text at this place"
        ),
        (
            "example/config.pbtxt:4:1: error TR002 the config does not parse: 'sequence_batching' is stated beside "
            "'dynamic_batching', and one of the two has to go; mend the text at this place"
        ),
    ]
