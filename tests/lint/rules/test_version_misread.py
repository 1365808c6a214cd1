def test_it_says_where_what_and_what_to_do(said):
    assert said("TR105") == [
        (
            "example/1-backup:1:1: warning TR105 Triton takes the folder '1-backup' for version 1; move it out of "
            "the model's folder, or name it by a number alone"
        ),
    ]
