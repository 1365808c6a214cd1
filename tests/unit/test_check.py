import pytest

from trireme.build import build
from trireme.check import check
from trireme.discover import discover


@pytest.fixture
def built(project):
    build(discover(project))
    return project


def test_a_built_tree_is_as_the_sources_say(built):
    assert check(discover(built)) == []


def test_a_tree_that_is_not_built_is_said(project):
    assert check(discover(project)) == ["model_repository/ is not built; run `make repo`"]


def test_a_text_that_is_not_as_the_sources_say_is_shown_as_a_diff(built):
    path = built / "model_repository/double/config.pbtxt"
    path.write_text(path.read_text().replace("64", "32"))
    (problem,) = check(discover(built))
    assert "-max_batch_size: 32" in problem
    assert "+max_batch_size: 64" in problem


def test_a_byte_changed_after_the_build_is_found_though_size_and_time_are_the_same(built):
    path = built / "model_repository/double/1/infer.py"
    before = path.stat()
    content = path.read_bytes().replace(b"2 * x", b"3 * x")
    path.unlink()
    path.write_bytes(content)
    __import__("os").utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert check(discover(built)) == ["model_repository/double/1/infer.py was changed after it was built; run `make repo`"]


def test_a_missing_file_is_found(built):
    (built / "model_repository/double/1/model.py").unlink()
    assert check(discover(built)) == ["model_repository/double/1/model.py is missing; run `make repo`"]


def test_a_folder_that_is_no_model_of_ours_is_found(built):
    (built / "model_repository/.hidden").mkdir()
    (problem,) = check(discover(built))
    assert problem.startswith("model_repository/.hidden is no model of ours")


@pytest.mark.parametrize("path", ["double/7/model.py", "double/1/evil.py"])
def test_a_file_that_nobody_planned_is_found(built, path):
    (built / "model_repository" / path).parent.mkdir(exist_ok=True)
    (built / "model_repository" / path).write_text("")
    assert check(discover(built)) == [f"model_repository/{path} was not built by us, and Triton may load it; move it out"]


def test_what_triton_loads_and_does_not_do_is_reported(project):
    toml = project / "models/double/model.toml"
    toml.write_text(toml.read_text().replace("[config]", "[config]\ninstance_group = [{ count = -1 }]"))
    build(discover(project))
    (problem,) = check(discover(project))
    assert "model_repository/double/config.pbtxt" in problem
    assert "warning TR314 count is -1" in problem
