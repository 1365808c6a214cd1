def test_it_says_where_what_and_what_to_do(said):
    assert said("TR614") == [
        (
            "example/1/model.py:5:1: warning TR614 the code asks for the input 'input', which the config does not "
            "have; known are: x"
        ),
    ]
