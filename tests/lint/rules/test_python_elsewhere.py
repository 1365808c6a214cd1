def test_it_says_where_what_and_what_to_do(said):
    assert said("TR617") == [
        (
            "example/config.pbtxt:2:1: warning TR617 the environment '/opt/no/such/env.tar.gz' is not on this "
            "machine; bring it along in the model's folder: $$TRITON_MODEL_DIRECTORY/..."
        ),
    ]
