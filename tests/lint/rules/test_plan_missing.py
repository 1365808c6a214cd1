def test_it_says_where_what_and_what_to_do(said):
    assert said("TR119") == [
        (
            "example/1:1:1: advice TR119 version 1 has no model.plan yet, and Triton's own TensorRT backend needs "
            "one; build it where the GPU is"
        ),
    ]
