from trireme.digest import of_mapping
from trireme.lint.run import Choice, lint
from trireme.machine import Machine

CONFIG = """backend: "python"
max_batch_size: 8
input { name: "x" data_type: TYPE_FP32 dims: [ 1 ] }
output { name: "y" data_type: TYPE_FP32 dims: [ 1 ] }
"""
FILES = {"model.py": "12ab"}


def repository(tmp_path, **changed):
    here = Machine.here()
    evidence = {"version": 1, "artefact": of_mapping(FILES), "processor": here.processor, "cores": here.cores} | changed
    model = tmp_path / "example"
    for folder in (model / "1", model / "configs"):
        folder.mkdir(parents=True)
    (model / "1/model.py").write_text("class TritonPythonModel:\n    def execute(self, requests):\n        return []\n")
    for path in (model / "config.pbtxt", model / "configs/cpu-2.pbtxt"):
        path.write_text(CONFIG)
    lines = (f"{key} = {value!r}\n" for key, value in evidence.items())
    (model / "configs/cpu-2.toml").write_text("".join(lines))
    (tmp_path / "repo.lock").write_text('{"format": 1, "versions": {"example": {"1": {"files": {"model.py": "12ab"}}}}}')
    return tmp_path


def found(root, variant=None):
    return [finding.message for finding in lint(root, choice=Choice(("TR712",)), variant=variant)]


def test_it_says_where_what_and_what_to_do(said):
    assert said("TR712") == [
        (
            "example/configs/cpu-2.pbtxt:1:1: warning TR712 it was tuned for version 1, and version 2 is served; "
            "tune it again (trireme tune), or take its evidence away"
        ),
    ]


def test_evidence_of_what_is_served_on_this_machine_is_believed(tmp_path):
    assert found(repository(tmp_path), "cpu-2") == []


def test_evidence_of_another_artefact_is_stale(tmp_path):
    assert found(repository(tmp_path, artefact="34cd")) == ["it was tuned with other files than version 1 is served from"]


def test_another_machine_matters_where_the_variant_is_asked_for_by_name(tmp_path):
    root = repository(tmp_path, cores=99)
    assert found(root) == []
    assert found(root, "cpu-2")[0].startswith("it was tuned on another machine (")


def test_a_summary_that_is_none_is_told(tmp_path):
    root = repository(tmp_path)
    (root / "example/configs/cpu-2.toml").write_text("version = ")
    assert found(root)[0].startswith("its evidence cpu-2.toml cannot be read: ")


def test_a_repository_without_a_lock_says_nothing_of_artefacts(tmp_path):
    root = repository(tmp_path, artefact="34cd")
    (root / "repo.lock").unlink()
    assert found(root) == []
