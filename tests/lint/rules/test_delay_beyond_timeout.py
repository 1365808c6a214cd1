def test_it_says_where_what_and_what_to_do(said):
    assert said("TR316") == [
        (
            "example/config.pbtxt:5:56: warning TR316 a request may wait 1000 us, and the batcher waits 5000 us for "
            "more; raise the timeout, or lower max_queue_delay_microseconds"
        ),
    ]
