def test_it_says_where_what_and_what_to_do(said):
    assert said("TR308") == [
        (
            "example/config.pbtxt:2:1: warning TR308 dynamic_batching joins nothing: max_batch_size is 0; set "
            "max_batch_size (and leave the batch out of the dims), or remove dynamic_batching"
        ),
    ]
