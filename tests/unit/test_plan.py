import pytest

from trireme.discover import discover
from trireme.errors import SourceError, WiringError
from trireme.plan import make_plan


def test_a_plan_has_texts_files_and_the_lock(project):
    plan = make_plan(discover(project))
    assert sorted(plan.texts) == ["double/config.pbtxt", "repo.lock"]
    assert sorted(plan.files) == ["double/1/infer.py", "double/1/model.py"]


def test_each_made_artefact_is_told_when_it_begins_and_when_it_is_done(project):
    seen = []
    make_plan(discover(project), watch=lambda model, version, done: seen.append((model.name, version.number, done)))
    make_plan(discover(project), watch=lambda *row: seen.append(row))
    assert seen == [("double", 1, False), ("double", 1, True)]


def test_a_pipeline_that_does_not_fit_is_refused_before_a_file_is_written(project):
    folder = project / "ensembles/twice"
    folder.mkdir(parents=True)
    (folder / "ensemble.toml").write_text('inputs = ["x"]\noutputs = ["y"]\n[[step]]\nmodel = "duble"\n')
    with pytest.raises(WiringError, match="there is no model 'duble'; did you mean 'double'"):
        make_plan(discover(project))
    assert not (project / "model_repository").exists()


def test_examples_are_checked_against_the_config(project):
    (project / "models/double/examples.json").write_text('[{"inputs": {"x": [1, 2]}}]')
    with pytest.raises(SourceError, match=r"models/double/examples.json\[0\].inputs.x"):
        make_plan(discover(project))
