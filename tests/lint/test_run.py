import pytest
from layout import lay_out

from trireme.lint import repository as repositories
from trireme.lint.repository import Options
from trireme.lint.run import Choice, lint

CODE = "class TritonPythonModel:\n    def execute(self, requests): return []\n"


@pytest.fixture
def repository(tmp_path):
    def write(files):
        for path, text in files.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
        return tmp_path

    return write


def test_each_variant_is_a_repository_of_its_own(repository):
    root = repository(
        {
            "m/1/model.py": CODE,
            "m/config.pbtxt": 'backend: "python"\ninstance_group { kind: KIND_CPU }',
            "m/configs/gpu.pbtxt": 'backend: "python"\ninstance_group { kind: KIND_GPU }',
            "m/configs/broken.pbtxt": 'backend: "python"\nmax_batch_size: -1',
        }
    )
    assert [(found.path, found.code) for found in lint(root, Options(gpus=0))] == [("m/configs/broken.pbtxt", "TR113")]
    assert lint(root, Options(gpus=0), variant="gpu") == []
    assert lint(root, Options(gpus=0), variant="") == []


def test_an_ensemble_falls_with_its_member_in_the_variant_alone(repository):
    io = 'input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] } output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }'
    maps = 'input_map { key: "x" value: "x" } output_map { key: "y" value: "y" }'
    step = f'step {{ model_name: "m" model_version: -1 {maps} }}'
    root = repository(
        {
            "e/1/.keep": "",
            "e/config.pbtxt": f'platform: "ensemble" {io} ensemble_scheduling {{ {step} }}',
            "m/1/model.py": CODE,
            "m/config.pbtxt": f'backend: "python" {io}',
            "m/configs/old.pbtxt": f'backend: "python" {io} max_batch_size: -1',
        }
    )
    assert lint(root, variant="") == []
    assert [(found.model, found.code) for found in lint(root, variant="old")] == [("e", "TR509"), ("m", "TR113")]


def test_codes_are_chosen_by_their_beginning(repository):
    root = repository({"m/1/model.py": CODE, "m/config.pbtxt": 'backend: "python"\nmax_batch_size: -1\nname: "x"'})
    assert {found.code for found in lint(root)} == {"TR101", "TR113"}
    assert {found.code for found in lint(root, choice=Choice(select=("TR10",)))} == {"TR101"}
    assert {found.code for found in lint(root, choice=Choice(ignore=("TR101",)))} == {"TR113"}


def test_what_is_ignored_of_a_member_does_not_refuse_its_ensemble(repository):
    io = 'input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] } output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }'
    maps = 'input_map { key: "x" value: "x" } output_map { key: "y" value: "y" }'
    step = f'step {{ model_name: "m" model_version: -1 {maps} }}'
    packed = 'key: "EXECUTION_ENV_PATH" value { string_value: "$$TRITON_MODEL_DIRECTORY/env.tar.gz" }'
    root = repository(
        {
            "e/1/.keep": "",
            "e/config.pbtxt": f'platform: "ensemble" {io} ensemble_scheduling {{ {step} }}',
            "m/1/model.py": CODE,
            "m/config.pbtxt": f'backend: "python" {io} parameters {{ {packed} }}',
        }
    )
    assert [found.code for found in lint(root)] == ["TR509", "TR616"]
    assert lint(root, choice=Choice(ignore=("TR616",))) == []
    repository({"m/lint.toml": '[lint]\nignore = { TR616 = "packed when it is deployed" }'})
    assert lint(root) == []


def test_a_rule_stops_after_a_hundred_findings(repository):
    root = repository({"m/1/model.py": CODE, "m/config.pbtxt": 'backend: "python"\n' + "input { }\n" * 500})
    found = [one for one in lint(root) if one.code == "TR201"]
    assert len(found) == 101
    assert sum("there are more than 100 of these" in one.message for one in found) == 1


def test_what_differs_in_its_fix_alone_is_found_once(repository):
    io = 'input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] } output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }'
    maps = 'input_map { key: "x" value: "x" } output_map { key: "y" value: "y" }'
    step = f'step {{ model_name: "m" model_version: -1 {maps} }}'
    root = repository(
        {
            "e/1/.keep": "",
            "e/config.pbtxt": f'platform: "ensemble" max_batch_size: 8 {io} ensemble_scheduling {{ {step} }}',
            "m/1/model.py": CODE,
            "m/config.pbtxt": f'backend: "python" max_batch_size: 4 {io}',
            "m/configs/gpu.pbtxt": f'backend: "python" max_batch_size: 4 {io}',
        }
    )
    assert [(one.code, one.fix) for one in lint(root)] == [("TR512", "4")]


def test_a_file_named_from_the_root_has_its_place(repository):
    config = 'backend: "python" default_model_filename: "/sub/m.py"'
    root = repository({"m/1/sub/m.py": "def f(:\n", "m/config.pbtxt": config})
    assert [(one.code, one.path) for one in lint(root)] == [("TR611", "m/1/sub/m.py")]


def test_an_ignored_rule_is_silent_however_often_it_speaks(repository):
    settings = '[lint]\nignore = { TR201 = "x", TR202 = "x", TR203 = "x" }'
    root = repository(
        {"m/1/model.py": CODE, "m/config.pbtxt": 'backend: "python"\n' + "input { }\n" * 300, "m/lint.toml": settings}
    )
    assert {one.code for one in lint(root)}.isdisjoint({"TR201", "TR202", "TR203"})


@pytest.mark.parametrize("held", [1, 4])
def test_what_is_forgotten_is_read_again(tmp_path, monkeypatch, held):
    steps = ", ".join(
        f'{{ model_name: "m{number}" model_version: -1 input_map {{ key: "x" value: "t{number}" }} '
        f'output_map {{ key: "y" value: "t{number + 1}" }} }}'
        for number in range(9)
    )
    example = f"""==> example/config.pbtxt <==
platform: "ensemble"
input {{ name: "t0" data_type: TYPE_FP32 dims: [ 3 ] }}
output {{ name: "t9" data_type: TYPE_FP32 dims: [ 3 ] }}
ensemble_scheduling {{ step [ {steps} ] }}
"""
    for number in range(9):
        dims = 4 if number == 5 else 3
        example += f"""==> m{number}/config.pbtxt <==
backend: "python"
input {{ name: "x" data_type: TYPE_FP32 dims: [ {dims} ] }}
output {{ name: "y" data_type: TYPE_FP32 dims: [ 3 ] }}
instance_group {{ rate_limiter {{ resources {{ name: "r" global: {str(number == 7).lower()} count: 1 }} }} }}
"""
    root = lay_out(example, tmp_path)
    whole = lint(root)
    monkeypatch.setattr(repositories, "HELD", held)
    assert lint(root) == whole
    assert {"TR315", "TR601"} & {finding.code for finding in whole}
