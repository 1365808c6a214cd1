def test_it_says_where_what_and_what_to_do(said):
    assert said("TR117") == [
        (
            "example/config.pbtxt:2:69: warning TR117 the label file '../labels.txt' lies outside of the model's "
            "folder; copy it into the model's folder"
        ),
    ]
