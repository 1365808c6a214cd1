import pytest

from trireme.errors import MissingSourceError, SourceError, UnknownKeyError, ValueRefusedError
from trireme.spec import Ensemble, Model


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "models" / "a"
    path.mkdir(parents=True)
    (path / "infer.py").write_text("")
    return path


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"versoin": 1}, "unknown key 'versoin'; did you mean 'version'?"),
        ({}, "version: None is refused"),
        ({"version": "1"}, "version: '1' is refused"),
        ({"version": True}, "version: True is refused"),
        ({"version": 0}, "version: 0 is refused"),
        ({"version": 1, "config": 3}, "config: 3 is refused; it is a table"),
        ({"version": 1, "config": {"max_batch": 1}}, "config: unknown key 'max_batch'; did you mean 'max_batch_size'?"),
        (
            {"version": 1, "variants": {"gpu": {"platfrom": ""}}},
            "variants.gpu: unknown key 'platfrom'; did you mean 'platform'?",
        ),
        ({"version": 1, "gate": {"auc": "high"}}, "gate.auc: 'high' is refused"),
        ({"version": 1, "versions": {"1": {}}}, "versions: '1' is refused; a kept version is a number below 1"),
        ({"version": 2, "versions": {"one": {}}}, "versions: 'one' is refused"),
        ({"version": 2, "versions": {"1": {}}}, "the folder versions/1 is missing"),
    ],
)
def test_model_toml_refuses(folder, table, sentence):
    with pytest.raises(SourceError) as caught:
        Model.from_table(folder, table)
    assert sentence in str(caught.value)
    assert str(caught.value).startswith("models/a/model.toml")


def test_a_kept_version_that_nobody_lists_is_refused(folder):
    (folder / "versions" / "1").mkdir(parents=True)
    with pytest.raises(MissingSourceError, match=r"\[versions.1\] is missing"):
        Model.from_table(folder, {"version": 2})


def test_a_folder_without_sources_is_refused(folder):
    (folder / "infer.py").unlink()
    with pytest.raises(MissingSourceError, match=r"export.py or infer.py is missing"):
        Model.from_table(folder, {"version": 1})


def test_a_folder_whose_name_triton_could_stumble_over_is_refused(folder):
    renamed = folder.rename(folder.with_name("A b"))
    with pytest.raises(ValueRefusedError, match="'A b' is refused"):
        Model.from_table(renamed, {"version": 1})


def test_training_and_describing_are_no_sources(folder):
    for name in ("train.py", "data.py", "gate.py", "README.md", "examples.json", "model.toml", "weights.safetensors"):
        (folder / name).write_text("")
    (folder / "data").mkdir()
    (folder / "data" / "train.tsv").write_text("")
    version = Model.from_table(folder, {"version": 1}).versions[0]
    assert [path.name for path in version.sources()] == ["infer.py", "weights.safetensors"]


def test_versions_are_served_oldest_first(folder):
    (folder / "versions" / "1").mkdir(parents=True)
    (folder / "versions" / "1" / "infer.py").write_text("")
    model = Model.from_table(folder, {"version": 2, "versions": {"1": {"gate": {"auc": 0.7}}}})
    assert [(version.number, dict(version.gate)) for version in model.versions] == [(1, {"auc": 0.7}), (2, {})]


@pytest.mark.parametrize(
    ("table", "error", "sentence"),
    [
        ({"input": []}, UnknownKeyError, "unknown key 'input'; did you mean 'inputs'?"),
        ({"inputs": ["x"], "outputs": ["y"]}, ValueRefusedError, "step: None is refused"),
        ({"inputs": [], "outputs": ["y"], "step": [{"model": "a"}]}, ValueRefusedError, "inputs: [] is refused"),
        ({"inputs": ["x"], "outputs": ["y"], "step": [{"modle": "a"}]}, UnknownKeyError, "step[0]: unknown key 'modle'"),
        ({"inputs": ["x"], "outputs": ["y"], "step": [{}]}, ValueRefusedError, "step[0].model: None is refused"),
    ],
)
def test_ensemble_toml_refuses(tmp_path, table, error, sentence):
    with pytest.raises(error) as caught:
        Ensemble.from_table(tmp_path / "ensembles" / "e", table)
    assert sentence in str(caught.value)
    assert str(caught.value).startswith("ensembles/e/ensemble.toml")


@pytest.mark.parametrize(
    "table",
    [
        {"version": 1, "gate": 3},
        {"version": 1, "variants": []},
        {"version": 1, "variants": {"gpu": 3}},
        {"version": 1, "packages": "torch"},
        {"version": 1, "reproducible": "yes"},
        {"version": 2, "versions": 1},
    ],
)
def test_a_key_of_the_wrong_kind_is_refused(folder, table):
    with pytest.raises(ValueRefusedError, match=r"is refused; it is"):
        Model.from_table(folder, table)


@pytest.mark.parametrize("step", [3, {"model": "a", "version": "1"}, {"model": "a", "input_map": []}])
def test_a_step_of_the_wrong_kind_is_refused(tmp_path, step):
    with pytest.raises(ValueRefusedError, match=r"step\[0\]"):
        Ensemble.from_table(tmp_path / "ensembles" / "e", {"inputs": ["x"], "outputs": ["y"], "step": [step]})
