def test_it_says_where_what_and_what_to_do(said):
    assert said("TR111") == [
        (
            "example/config.pbtxt:1:10: error TR111 the server has no backend 'nosuch'; known are: onnxruntime, "
            "python, pytorch, tensorrt"
        ),
    ]
