import pytest

from trireme.discover import discover, find
from trireme.errors import DuplicateNameError, MissingSourceError, UnreadableError, ValueRefusedError


def test_two_models_of_one_name_are_refused(project):
    folder = project / "ensembles" / "double"
    folder.mkdir(parents=True)
    (folder / "ensemble.toml").write_text('inputs = ["x"]\noutputs = ["y"]\n[[step]]\nmodel = "double"\n')
    with pytest.raises(DuplicateNameError, match="ensembles/double: the name 'double' is taken by models/double"):
        discover(project)


def test_a_folder_without_its_toml_is_refused(project):
    (project / "models" / "double" / "model.toml").unlink()
    with pytest.raises(MissingSourceError, match=r"models/double/model.toml: the file is missing"):
        discover(project)


def test_broken_toml_is_refused_with_line_and_column(project):
    (project / "models" / "double" / "model.toml").write_text("version = \n")
    with pytest.raises(UnreadableError, match=r"models/double/model.toml cannot be read: .*line 1, column 11"):
        discover(project)


def test_toml_that_is_not_utf8_is_refused(project):
    (project / "models" / "double" / "model.toml").write_bytes(b"version = 1 # \xff")
    with pytest.raises(UnreadableError, match=r"models/double/model.toml cannot be read: .*utf-8"):
        discover(project)


def test_an_unknown_name_gets_the_nearest(project):
    with pytest.raises(ValueRefusedError, match="did you mean 'double'"):
        discover(project).unit("duble")


def test_everything_is_found_by_looking(sources):
    assert "credit_risk" in sources.names
    assert sources.names == tuple(sorted(sources.names))
    assert sources.unit("text_classification").folder.parent.name == "ensembles"


def test_hidden_folders_are_nobodys_models(project):
    (project / "models" / ".cache").mkdir()
    (project / "models" / "_shared").mkdir()
    assert discover(project).names == ("double",)


def test_one_model_is_found_whatever_is_wrong_with_the_others(project):
    (project / "models/broken").mkdir()
    assert find(project, "double").name == "double"
    with pytest.raises(ValueRefusedError, match="did you mean 'double'"):
        find(project, "duble")
