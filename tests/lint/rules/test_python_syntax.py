def test_it_says_where_what_and_what_to_do(said):
    assert said("TR611") == [
        "example/1/model.py:2:1: error TR611 model.py of version 1: SyntaxError: expected ':'; mend the code",
    ]
