import pytest

from trireme.lint.run import lint

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
        (
            "example (copy):1:1: error TR619 the model's name 'example (copy)' means something else to the shell that starts "
            "it, and the server hangs; rename the folder"
        ),
        f"{place} 'model.txt' does not end with .py; rename the file",
    ]


@pytest.mark.parametrize(
    "name", ["sub.d/m.py", "sub//m.py", "/m.py", "./m.py", "1.py", "m$y.py", "m(1).py", "m", "code/m.py", "json/m.py"]
)
def test_a_name_that_cannot_be_loaded_is_found(codes, name):
    assert codes(CODE % (name, name.lstrip("/"))) == ["TR619"]


@pytest.mark.parametrize("name", ["my-model.py", "a/b/m.py", "/sub/m.py", "m*y.py", "m#y.py", "m{y.py", "m~.py", "nt/m.py"])
def test_a_name_that_can_be_loaded_is_none(codes, name):
    assert codes(CODE % (name, name.lstrip("/"))) == []


def test_where_the_repository_lies_is_a_warning(tmp_path):
    root = tmp_path / "my models"
    (root / "m" / "1").mkdir(parents=True)
    (root / "m" / "1" / "model.py").write_text("class TritonPythonModel:\n    def execute(self, requests): return []\n")
    (root / "m" / "config.pbtxt").write_text('backend: "python"')
    assert [(found.code, found.severity, found.path) for found in lint(root)] == [("TR619", "warning", ".")]
    (root / "m" / "config.pbtxt").write_text('backend: "tensorrt"')
    assert "TR619" not in {found.code for found in lint(root)}
