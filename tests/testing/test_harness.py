from pathlib import Path

import numpy as np
import pytest

from trireme.testing.harness import BrokenPromiseError, PythonModel, RefusedError
from trireme.testing.stub import ErrorCode, TritonModelException

FOREIGN = Path(__file__).parents[1] / "foreign"
ONE, TWO = np.array([1, 2, 3, 4], np.float32), np.array([4, 3, 2, 1], np.float32)


def model_of(folder, code, config='backend: "python"'):
    (folder / "1").mkdir(parents=True)
    (folder / "config.pbtxt").write_text(config)
    (folder / "1" / "model.py").write_text("import triton_python_backend_utils as pb_utils\n\n\n" + code)
    return PythonModel(folder)


def test_a_model_answers_without_a_server(triton_model):
    model = triton_model(FOREIGN / "add_sub" / "add_sub")
    answer = model.infer(INPUT0=ONE, INPUT1=TWO)
    assert answer["OUTPUT0"].tolist() == [5, 5, 5, 5]
    assert answer["OUTPUT1"].tolist() == [-3, -1, 1, 3]


def test_an_error_of_the_model_is_raised_with_its_code(triton_model):
    model = triton_model(FOREIGN / "add_sub" / "add_sub")
    with pytest.raises(RefusedError, match="holds no numbers") as refusal:
        model.infer(INPUT0=ONE * np.inf, INPUT1=TWO)
    assert refusal.value.code is ErrorCode.INVALID_ARG


def test_what_a_model_asks_of_another_comes_from_a_table(triton_model):
    model = triton_model(
        FOREIGN / "add_sub" / "bls", models={"add_sub": lambda **given: {"OUTPUT0": given["INPUT0"] + given["INPUT1"]}}
    )
    assert model.infer(INPUT0=ONE, INPUT1=TWO)["OUTPUT0"].tolist() == [5, 5, 5, 5]


def test_a_model_that_nobody_stands_in_for_is_not_ready(triton_model):
    model = triton_model(FOREIGN / "add_sub" / "bls")
    with pytest.raises(RefusedError, match="'add_sub' is not ready"):
        model.infer(INPUT0=ONE, INPUT1=TWO)


def test_an_asked_model_that_fails_answers_with_its_error(triton_model):
    def fail(**_):
        raise ValueError("no")

    model = triton_model(FOREIGN / "add_sub" / "bls", models={"add_sub": fail})
    with pytest.raises(RefusedError, match="no"):
        model.infer(INPUT0=ONE, INPUT1=TWO)


def test_a_decoupled_model_streams(triton_model):
    model = triton_model(FOREIGN / "decoupled" / "repeat")
    found = [(int(part["IDX"][0]), int(part["OUT"][0])) for part in model.stream(IN=np.array([7, 9], np.int32))]
    assert found == [(0, 7), (1, 9)]


def test_a_client_that_left_is_seen(tmp_path):
    code = (
        "class TritonPythonModel:\n    def execute(self, requests):\n"
        "        return [pb_utils.InferenceResponse(error=pb_utils.TritonError('gone', pb_utils.TritonError.CANCELLED))\n"
        "                if request.is_cancelled() else pb_utils.InferenceResponse([]) for request in requests]\n"
    )
    with model_of(tmp_path / "m", code) as model:
        request = model.request()
        request.cancelled = True
        (answer,), (other,) = model.execute([request, model.request()])
    assert answer.error().code() is ErrorCode.CANCELLED
    assert not other.has_error()


@pytest.mark.parametrize(
    ("code", "config", "message"),
    [
        ("return None", "", "returned None, and the model is not decoupled"),
        ("return []", "", "0 responses for 1 requests"),
        ("return 3", "", "returned int"),
        ("return [None]", "model_transaction_policy { decoupled: true }", "execute has to return None"),
        ("return None", "model_transaction_policy { decoupled: true }", "without TRITONSERVER_RESPONSE_COMPLETE_FINAL"),
    ],
)
def test_what_triton_does_not_take_is_not_taken(tmp_path, code, config, message):
    body = f"class TritonPythonModel:\n    def execute(self, requests):\n        {code}\n"
    with (
        model_of(tmp_path / "m", body, f'backend: "python"\n{config}') as model,
        pytest.raises(TritonModelException, match=message),
    ):
        model.execute([model.request()])


def test_files_beside_the_code_are_imported_and_finalize_is_called(tmp_path):
    (tmp_path / "m" / "1").mkdir(parents=True)
    (tmp_path / "m" / "1" / "beside_the_model.py").write_text("VALUE = 3\n")
    (tmp_path / "m" / "1" / "model.py").write_text(
        "import beside_the_model\n\n\nclass TritonPythonModel:\n    def execute(self, requests):\n        return []\n\n"
        "    def finalize(self):\n        self.done = beside_the_model.VALUE\n"
    )
    with PythonModel(tmp_path / "m") as model:
        assert model.decoupled is False
    assert model.model.done == 3


IO = """backend: "python"
max_batch_size: 4
input [ { name: "x" data_type: TYPE_FP32 dims: [ 2 ] }, { name: "note" data_type: TYPE_STRING dims: [ 1 ] optional: true } ]
output { name: "y" data_type: TYPE_FP32 dims: [ 2 ] }
"""
ANSWER = """class TritonPythonModel:
    def execute(self, requests):
        return [pb_utils.InferenceResponse([pb_utils.Tensor(%s)]) for _ in requests]
"""
ROW = np.ones((1, 2), np.float32)


@pytest.mark.parametrize(
    ("arrays", "problem"),
    [
        ({"z": ROW}, "unexpected inference input 'z'"),
        ({"x": ROW.astype(np.float64)}, "input 'x' is float64, and the config states TYPE_FP32"),
        ({"x": ROW[0]}, r"input 'x' has shape \[2\], and the config states \[-1, 2\]"),
        ({"note": np.array([[b"a"]], object)}, "missing input 'x'"),
    ],
)
def test_what_the_server_would_refuse_never_comes_to_the_model(tmp_path, arrays, problem):
    model = model_of(tmp_path / "m", ANSWER % "'y', np.ones((1, 2), np.float32)", IO)
    with pytest.raises(RefusedError, match=problem) as refusal:
        model.request(**arrays)
    assert refusal.value.code is ErrorCode.INVALID_ARG


@pytest.mark.parametrize(
    ("output", "problem"),
    [
        ("'z', np.ones((1, 2), np.float32)", "'m' answers with 'z', which Triton drops: the config has y"),
        ("'y', np.ones((1, 2), np.float64)", "output 'y' of 'm' is float64, and the config states TYPE_FP32"),
        ("'y', np.ones((1, 3), np.float32)", r"output 'y' of 'm' has shape \[1, 3\], and the config states \[-1, 2\]"),
    ],
)
def test_an_answer_that_is_not_the_configs_is_told(tmp_path, output, problem):
    model = model_of(tmp_path / "m", "import numpy as np\n" + ANSWER % output, IO)
    with pytest.raises(BrokenPromiseError, match=problem):
        model.infer(x=ROW)


def test_a_config_that_the_model_completes_is_the_models(tmp_path):
    code = (
        "class TritonPythonModel:\n    @staticmethod\n    def auto_complete_config(config):\n"
        "        config.add_output({'name': 'y', 'data_type': 'TYPE_FP32', 'dims': [2]})\n        return config\n"
        "    def execute(self, requests):\n        return [pb_utils.InferenceResponse([]) for _ in requests]\n"
    )
    model = model_of(tmp_path / "m", code)
    assert [output["name"] for output in model.config["output"]] == ["y"]
    assert model.request().requested_output_names() == ["y"]


def test_a_request_that_nobody_answers_is_told(tmp_path):
    code = "class TritonPythonModel:\n    def execute(self, requests):\n        return [None for _ in requests]\n"
    model = model_of(tmp_path / "m", code)
    with pytest.raises(TritonModelException, match="returned None for a request"):
        model.execute([model.request()])


def test_the_file_that_the_config_names_is_the_models(tmp_path):
    folder = tmp_path / "m"
    (folder / "3" / "sub").mkdir(parents=True)
    (folder / "config.pbtxt").write_text('backend: "python" default_model_filename: "sub/code.py"')
    (folder / "3" / "sub" / "code.py").write_text(
        "class TritonPythonModel:\n    def initialize(self, args): self.version = args['model_version']\n"
    )
    assert PythonModel(folder).model.version == "3"


def test_a_model_without_versions_is_refused(tmp_path):
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "config.pbtxt").write_text('backend: "python"')
    with pytest.raises(FileNotFoundError, match="has no version folder"):
        PythonModel(tmp_path / "m")


def test_a_reshape_lies_between_the_client_and_the_model(tmp_path):
    config = (
        'backend: "python" max_batch_size: 4 input { name: "x" data_type: TYPE_FP32 dims: [ 1 ] reshape { shape: [ ] } } '
        'output { name: "y" data_type: TYPE_FP32 dims: [ 1 ] reshape { shape: [ ] } }'
    )
    code = (
        "class TritonPythonModel:\n    def execute(self, requests):\n"
        "        arrays = [pb_utils.get_input_tensor_by_name(request, 'x').as_numpy() for request in requests]\n"
        "        assert all(array.ndim == 1 for array in arrays)\n"
        "        return [pb_utils.InferenceResponse([pb_utils.Tensor('y', array)]) for array in arrays]\n"
    )
    model = model_of(tmp_path / "m", code, config)
    assert model.infer(x=np.ones((2, 1), np.float32))["y"].shape == (2, 1)


def test_what_triton_adds_to_a_request_is_handed_over_by_the_test(tmp_path):
    config = (
        'backend: "python" max_batch_size: 4 input { name: "x" data_type: TYPE_FP32 dims: [ 2 ] } '
        'output { name: "y" data_type: TYPE_FP32 dims: [ 2 ] } sequence_batching { control_input { name: "START" control { '
        "kind: CONTROL_SEQUENCE_START int32_false_true: [ 0, 1 ] } } }"
    )
    model = model_of(tmp_path / "m", "import numpy as np\n" + ANSWER % "'y', np.ones((1, 2), np.float32)", config)
    assert model.infer(x=ROW, START=np.array([[1]], np.int32))["y"].shape == (1, 2)
