def test_it_says_where_what_and_what_to_do(said):
    assert said("TR305") == [
        (
            "example/config.pbtxt:3:20: warning TR305 priority_levels is 0, so no request has this policy; set "
            "priority_levels, or use default_queue_policy"
        ),
    ]
