def test_it_says_where_what_and_what_to_do(said):
    assert said("TR607") == [
        (
            "example/config.pbtxt:4:49: warning TR607 'y' has shape [-1,3], and the graph of version 1 [-1,-1]; "
            "state -1 there, unless onnxruntime infers the size; or export the graph with it"
        ),
    ]
