def test_it_says_where_what_and_what_to_do(said):
    assert said("TR602") == [
        (
            "example/1/model.onnx:1:1: error TR602 model.onnx of version 1 keeps weights in 'weights.bin', which is "
            "not there; copy it beside the model"
        ),
    ]
