import os

import pytest

from trireme.build import build
from trireme.discover import discover
from trireme.errors import ExportFailedError, StaleTextError
from trireme.new import create


def snapshot(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_failed_build_leaves_the_old_tree(project):
    build(discover(project))
    before = snapshot(project / "model_repository")
    create(project, "graph", "onnxruntime")
    (project / "models/graph/export.py").write_text("def export(out):\n    (out / 'model.onnx').write_bytes(b'no graph')\n")
    with pytest.raises(ExportFailedError):
        build(discover(project))
    assert snapshot(project / "model_repository") == before
    assert sorted(path.name for path in project.iterdir()) == [".trireme", "model_repository", "models"]


def test_with_nothing_to_do_nothing_is_touched(project):
    build(discover(project))
    before = os.stat(project / "model_repository").st_ino  # noqa: PTH116 - the folder itself, not what it holds
    assert build(discover(project)).changed == ()
    assert os.stat(project / "model_repository").st_ino == before  # noqa: PTH116


def test_a_file_changed_in_the_tree_is_built_back(project):
    build(discover(project))
    built = project / "model_repository/double/config.pbtxt"
    text = built.read_text()
    built.write_text("name: 'other'")
    assert build(discover(project)).changed == ("double/config.pbtxt",)
    assert built.read_text() == text


def test_a_locked_build_refuses_to_change_a_committed_text_and_names_it(project):
    build(discover(project))
    toml = project / "models/double/model.toml"
    toml.write_text(toml.read_text().replace("max_batch_size = 64", "max_batch_size = 32"))
    with pytest.raises(StaleTextError, match=r"model_repository/double/config.pbtxt; run `make repo`"):
        build(discover(project), locked=True)


def test_a_locked_build_brings_back_versions_that_a_clone_has_not(project):
    build(discover(project))
    for path in (project / "model_repository/double/1").iterdir():
        path.unlink()
    assert build(discover(project), locked=True).changed


def test_a_model_that_is_gone_is_gone_from_the_tree(project):
    create(project, "graph", "onnxruntime")
    build(discover(project))
    for path in (project / "models/graph").iterdir():
        path.unlink()
    (project / "models/graph").rmdir()
    build(discover(project))
    assert sorted(path.name for path in (project / "model_repository").iterdir()) == ["double", "repo.lock"]
