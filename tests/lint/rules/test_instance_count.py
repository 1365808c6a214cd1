def test_it_says_where_what_and_what_to_do(said):
    assert said("TR314") == [
        "example/config.pbtxt:2:25: warning TR314 count is -1, and Triton takes its default; write how many",
    ]
