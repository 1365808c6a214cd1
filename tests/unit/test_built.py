import numpy as np
import pytest

from trireme import built
from trireme.build import build
from trireme.discover import discover
from trireme.errors import MissingSourceError


@pytest.fixture
def tree(project):
    build(discover(project))
    return project / "model_repository"


def test_a_built_model_has_its_config_its_newest_version_and_its_function(tree):
    assert built.config(tree, "double").name == "double"
    (tree / "double/10").mkdir()
    (tree / "double/9").mkdir()
    assert built.newest(tree, "double").name == "10"
    (tree / "double/10").rmdir()
    (tree / "double/9").rmdir()
    assert built.infer(tree, "double")(x=np.float32([[3]]))["y"].tolist() == [[6]]


def test_setup_is_given_the_folder_and_the_parameters(project):
    (project / "models/double/infer.py").write_text(
        "def setup(context):\n    global factor\n    factor = float(context.parameters['factor'])\n"
        "    assert (context.folder / 'infer.py').is_file()\n\n\n"
        "def infer(*, x):\n    return {'y': factor * x}\n"
    )
    text = (project / "models/double/model.toml").read_text()
    (project / "models/double/model.toml").write_text(f'{text}\nparameters = {{ factor = {{ string_value = "5" }} }}\n')
    build(discover(project))
    assert built.infer(project / "model_repository", "double")(x=np.float32([[3]]))["y"].tolist() == [[15]]


@pytest.mark.parametrize("ask", [built.config, built.newest, built.infer])
def test_what_is_not_built_is_said_to_be_missing(tree, ask):
    with pytest.raises(MissingSourceError, match=r"model_repository/triple: .* is missing; run `make repo` first"):
        ask(tree, "triple")
