def test_it_says_where_what_and_what_to_do(said):
    assert said("TR109") == [
        (
            "example/config.pbtxt:1:11: error TR109 platform 'tensorrt_plan' and backend 'onnxruntime' do not belong "
            "together; leave the platform out, or write onnxruntime_onnx"
        ),
    ]


def test_a_backend_without_a_platform_of_its_own_takes_any(codes):
    assert codes('backend: "python"\nplatform: "onnxruntime_onnx"') == []
