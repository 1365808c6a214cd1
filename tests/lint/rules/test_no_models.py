def test_it_says_where_what_and_what_to_do(said):
    assert said("TR006") == [
        (
            ".:1:1: warning TR006 the repository holds no model; name the folder that holds the models' folders; "
            "each model is a folder"
        ),
    ]
