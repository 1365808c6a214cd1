def test_it_says_where_what_and_what_to_do(said):
    assert said("TR616") == [
        (
            "example/config.pbtxt:2:1: error TR616 the environment '$$TRITON_MODEL_DIRECTORY/env.tar.gz' is not "
            "there; pack it, or leave it out"
        ),
    ]
