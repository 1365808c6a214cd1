import os

import pytest

from trireme.build import build
from trireme.discover import discover
from trireme.errors import ExportFailedError, ForeignFileError, LintFailedError, StaleTextError, UnknownKeyError
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


def test_an_edit_in_place_is_built_back_from_the_artefact(project):
    build(discover(project))
    path = project / "model_repository/double/1/infer.py"
    path.write_text("def infer(*, x): return {}\n")
    build(discover(project))
    assert path.read_text() == (project / "models/double/infer.py").read_text()


def test_a_tree_with_files_that_no_build_wrote_is_not_replaced(project):
    stranger = project / "model_repository/handmade/1/model.onnx"
    stranger.parent.mkdir(parents=True)
    stranger.write_bytes(b"precious")
    with pytest.raises(ForeignFileError, match=r"handmade/1/model.onnx was not built here and would be lost; move it out"):
        build(discover(project))
    assert stranger.read_bytes() == b"precious"


def test_an_engine_is_carried_over(project):
    build(discover(project))
    engine = project / "model_repository/double/1/model.plan"
    engine.write_bytes(b"engine")
    toml = project / "models/double/model.toml"
    toml.write_text(toml.read_text().replace("max_batch_size = 64", "max_batch_size = 32"))
    assert build(discover(project)).changed == ("double/config.pbtxt",)
    assert engine.read_bytes() == b"engine"


def test_what_earlier_sources_made_is_dropped_from_the_cache(project):
    build(discover(project))
    (project / "models/double/infer.py").write_text("def infer(*, x): return {'y': x}\n")
    build(discover(project), relock=("double",))
    assert len([path for path in (project / ".trireme/artefacts/double").iterdir() if path.is_dir()]) == 1


def test_a_model_that_is_gone_is_gone_from_the_tree(project):
    create(project, "graph", "onnxruntime")
    build(discover(project))
    for path in (project / "models/graph").iterdir():
        path.unlink()
    (project / "models/graph").rmdir()
    build(discover(project))
    assert sorted(path.name for path in (project / "model_repository").iterdir()) == ["double", "repo.lock"]


def test_a_tree_that_triton_would_refuse_is_not_put_in_place(project):
    build(discover(project))
    before = snapshot(project / "model_repository")
    toml = project / "models/double/model.toml"
    text = toml.read_text().replace("[config]", '[config]\nmetric_tags = { "cost center" = "42" }', 1)
    toml.write_text(text)
    with pytest.raises(LintFailedError, match=r"^Triton would refuse double/config\.pbtxt:\d+:1: TR115 .*'cost center'"):
        build(discover(project))
    assert snapshot(project / "model_repository") == before


def test_what_a_source_ignores_travels_with_the_tree(project):
    toml = project / "models/double/model.toml"
    toml.write_text(toml.read_text() + '\n[lint]\nignore = { TR702 = "read by the training job" }\nlatency_goal_ms = 50\n')
    build(discover(project))
    assert (project / "model_repository/double/lint.toml").read_text() == (
        '# Built from models/double/model.toml\n[lint]\nignore = { TR702 = "read by the training job" }\nlatency_goal_ms = 50\n'
    )
    toml.write_text(toml.read_text().replace("TR702", "TR999"))
    with pytest.raises(UnknownKeyError, match=r"models/double/model\.toml: lint\.ignore: unknown key 'TR999'"):
        discover(project)
