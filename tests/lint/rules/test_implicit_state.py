def test_it_says_where_what_and_what_to_do(said):
    assert said("TR407") == [
        (
            "example/config.pbtxt:3:21: warning TR407 the Python backend does not advance implicit states; keep the "
            "state in the model, by its correlation id (request.correlation_id())"
        ),
    ]
