import pytest

from trireme.lint.repository import Options, Repository, version_of


def model(tmp_path, config, *files):
    folder = tmp_path / "m"
    folder.mkdir()
    if config is not None:
        (folder / "config.pbtxt").write_text(config)
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    return Repository(tmp_path, Options()).models["m"]


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("1", 1),
        ("0", 0),
        ("12", 12),
        ("01", None),
        ("v1", None),
        ("1-old", 1),
        ("1.0", 1),
        ("-3", -3),
        ("configs", None),
        ("", None),
    ],
)
def test_a_version_is_read_as_c_reads_a_number(name, number):
    assert version_of(name) == number


@pytest.mark.parametrize(
    ("config", "files", "identity"),
    [
        (None, ["1/model.onnx"], ("onnxruntime", "onnxruntime_onnx", "model.onnx")),
        (None, ["1/model.plan", "1/model.onnx"], ("tensorrt", "tensorrt_plan", "model.plan")),
        ("", ["1/model.pt"], ("pytorch", "pytorch_libtorch", "model.pt")),
        ("", ["1/model.py"], ("python", "", "model.py")),
        ('backend: "python"', ["1/model.onnx"], ("python", "", "model.py")),
        ('platform: "tensorrt_plan"', [], ("tensorrt", "tensorrt_plan", "model.plan")),
        ('default_model_filename: "model.py"', [], ("python", "", "model.py")),
        ('default_model_filename: "other.onnx" backend: "onnxruntime"', [], ("onnxruntime", "onnxruntime_onnx", "other.onnx")),
        ('platform: "tensorflow_savedmodel"', [], ("tensorflow", "tensorflow_savedmodel", "model.savedmodel")),
        ('platform: "ensemble"', ["1/x"], ("", "ensemble", "")),
        (None, ["1/other.bin"], ("", "", "")),
    ],
)
def test_what_a_config_leaves_out_is_completed_as_triton_does(tmp_path, config, files, identity):
    found = model(tmp_path, config, *files)
    assert (found.backend, found.platform, found.filename) == identity


@pytest.mark.parametrize(
    ("policy", "served"),
    [
        ("", (3,)),
        ("version_policy { latest { num_versions: 2 } }", (3, 2)),
        ("version_policy { all { } }", (3, 2, 1)),
        ("version_policy { specific { versions: [ 1, 9 ] } }", (1,)),
        ("version_policy { }", (3,)),
    ],
)
def test_the_policy_chooses_among_the_folders(tmp_path, policy, served):
    assert model(tmp_path, f'backend: "python" {policy}', "1/a", "2/a", "3/a", "04/a").served == served


def test_members_come_before_their_ensembles_and_circles_end(tmp_path):
    step = 'platform: "ensemble" ensemble_scheduling {{ step {{ model_name: "{}" }} step {{ model_name: "{}" }} }}'
    for name, text in {"a": step.format("b", "c"), "b": step.format("c", "a"), "c": 'backend: "python"'}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.pbtxt").write_text(text)
    names = [found.name for found in Repository(tmp_path).members_first()]
    assert sorted(names) == ["a", "b", "c"]
    assert names.index("c") < names.index("b") < names.index("a")
