def test_it_says_where_what_and_what_to_do(said):
    assert said("TR206") == [
        ("example/config.pbtxt:2:70: error TR206 'x' is a shape tensor, which only TensorRT has; leave is_shape_tensor out"),
    ]
