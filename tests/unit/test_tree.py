import pytest

from trireme import tree
from trireme.build import build
from trireme.discover import discover


@pytest.fixture
def built(project):
    return project / "model_repository", build(discover(project)).plan


def test_a_built_tree_has_no_differences(built):
    assert tree.differences(*built) == []


def test_what_the_servers_stubs_leave_is_no_difference(built):
    target, _ = built
    (target / "double/1/__pycache__").mkdir()
    (target / "double/1/__pycache__/model.cpython-311.pyc").write_bytes(b"")
    assert tree.differences(*built) == []


@pytest.mark.parametrize("path", ["double/1/infer.py", "double/config.pbtxt", "repo.lock"])
def test_a_missing_file_is_a_difference(built, path):
    (built[0] / path).unlink()
    assert tree.differences(*built) == [path]


def test_a_foreign_file_is_a_difference(built):
    (built[0] / "stray").mkdir()
    (built[0] / "stray/config.pbtxt").write_text("")
    assert tree.differences(*built) == ["stray/config.pbtxt"]


def test_the_old_tree_comes_back_when_the_new_one_cannot_be_put_in_place(built, monkeypatch):
    target, plan = built
    rename = type(target).rename

    def fail_for_the_new(self, other):
        if self.name.startswith(".model_repository-") and not self.name.endswith("-old"):
            raise OSError("no")
        return rename(self, other)

    monkeypatch.setattr(type(target), "rename", fail_for_the_new)
    with pytest.raises(OSError, match="no"):
        tree.replace(target, plan, lambda _: None)
    monkeypatch.undo()
    assert tree.differences(target, plan) == []
