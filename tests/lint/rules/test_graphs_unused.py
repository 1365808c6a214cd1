def test_it_says_where_what_and_what_to_do(said):
    assert said("TR703") == [
        (
            "example/config.pbtxt:3:44: advice TR703 batches of 4 are preferred, and no CUDA graph has that size; "
            "add graph_spec { batch_size: 4 }"
        ),
    ]
