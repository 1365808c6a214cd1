def test_it_says_where_what_and_what_to_do(said):
    assert said("TR701") == [
        "example/1/__pycache__:1:1: advice TR701 1/__pycache__/ makes Triton think that the model changed; remove it",
    ]
