def test_it_says_where_what_and_what_to_do(said):
    assert said("TR613") == [
        (
            "example/1/model.py:1:1: warning TR613 TritonPythonModel of version 1 has no method execute; add def "
            "execute(self, requests)"
        ),
    ]
