def test_it_says_where_what_and_what_to_do(said):
    assert said("TR702") == [
        (
            "example/notebooks:1:1: advice TR702 'notebooks/' is no version, and nothing of Triton's; move it out of "
            "the repository"
        ),
    ]
