def test_it_says_where_what_and_what_to_do(said):
    assert said("TR215") == [
        (
            "example/config.pbtxt:2:73: warning TR215 'x' allows ragged batches, and the model never batches; set "
            "max_batch_size and dynamic_batching, or leave it out"
        ),
    ]
