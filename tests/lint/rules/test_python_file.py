import pytest

CODE = """
    ==> example/config.pbtxt <==
    backend: "python" default_model_filename: "%s"
    ==> example/1/%s <==
    class TritonPythonModel:
        def execute(self, requests):
            return []
    """


def test_it_says_where_what_and_what_to_do(said):
    place = "example/config.pbtxt:2:25: error TR619 the file's name"
    assert said("TR619") == [
        (
            f"{place} 'model.v2.py' cannot be imported: a point is in it or in its folder's name, or the folder's name is "
            "empty; rename the file"
        ),
        f"{place} 'my model.py' means something else to the shell that starts it, and the server hangs; rename the file",
        f"{place} 'model.txt' does not end with .py; rename the file",
    ]


@pytest.mark.parametrize("name", ["sub.d/m.py", "sub//m.py", "/m.py", "./m.py", "1.py", "m$y.py", "m(1).py", "m"])
def test_a_name_that_cannot_be_loaded_is_found(codes, name):
    assert codes(CODE % (name, name.lstrip("/"))) == ["TR619"]


@pytest.mark.parametrize("name", ["my-model.py", "a/b/m.py", "/sub/m.py", "m*y.py", "m#y.py", "m{y.py", "m~.py"])
def test_a_name_that_can_be_loaded_is_none(codes, name):
    assert codes(CODE % (name, name.lstrip("/"))) == []
