def test_it_says_where_what_and_what_to_do(said):
    assert said("TR625") == [
        (
            "example/1/model.plan:1:1: advice TR625 1/model.plan was built by TensorRT-RTX, and Triton's own TensorRT backend "
            "cannot read it; build it inside the Triton image: trireme engines --runtime tensorrt"
        ),
    ]
