def test_it_says_where_what_and_what_to_do(said):
    assert said("TR706") == [
        (
            "example/config.pbtxt:5:63: warning TR706 a graph has 'x' as [4], and the input is [3]; state sizes that "
            "the input takes, without the batch"
        ),
    ]
