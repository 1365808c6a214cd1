def test_it_says_where_what_and_what_to_do(said):
    assert said("TR601") == [
        (
            "example/1/model.onnx:1:1: error TR601 model.onnx of version 1 cannot be read: it is cut short or no "
            "ONNX model (byte 1 of 44); copy it anew"
        ),
    ]
