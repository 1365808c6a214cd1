"""The runner by itself: which rows run together, what each step is given, and how a refusal names its row."""

import json
from types import SimpleNamespace

import numpy as np
import onnx
import pytest

from trireme.oneprocess.table import RUNNER
from trireme.sources import load_module

PAD = """
import numpy as np
def infer(*, text):
    if any(not row[0] for row in text):
        raise ValueError("text: row 0 is empty")
    width = max(len(row[0]) for row in text)
    return {"ids": np.array([[*row[0], *[0] * (width - len(row[0]))] for row in text])}
"""
SUM = """
import numpy as np
batches = []
def infer(*, ids):
    batches.append(ids.shape)
    return {"total": ids.sum(axis=1, keepdims=True), "shape": np.full((len(ids), 1), str(ids.shape))}
"""


@pytest.fixture
def runner(tmp_path):
    steps = []
    for name, code, given, types, alone in (
        ("pad", PAD, {"text": "text"}, {"ids": "INT64"}, True),
        ("sum", SUM, {"ids": "tokens"}, {"total": "FP32", "shape": "STRING"}, False),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "infer.py").write_text(code)
        outputs = {"ids": "tokens"} if name == "pad" else {"total": "total", "shape": "shape"}
        row = {"name": name, "kind": "python", "folder": name, "file": "infer.py", "parameters": {}, "alone": alone}
        steps.append(row | {"input_map": given, "output_map": outputs, "types": types})
    table = {"batched": True, "outputs": ["total", "shape"], "steps": steps}
    (tmp_path / "steps.json").write_text(json.dumps(table))
    module = load_module(RUNNER)
    module.setup(SimpleNamespace(folder=tmp_path, parameters={"steps": "steps.json"}))
    return module


def texts(*words):
    return np.array([[word.encode()] for word in words], object)


def test_rows_of_one_length_run_together_and_none_is_padded_to_another(runner):
    found = runner.infer(text=texts("ab", "xyz", "cd"))
    assert found["shape"].ravel().tolist() == [b"(2, 2)", b"(1, 3)", b"(2, 2)"]


def test_each_row_keeps_its_place_and_its_type(runner):
    found = runner.infer(text=texts("ab", "xyz", "cd"))
    assert found["total"].tolist() == [[sum(b"ab")], [sum(b"xyz")], [sum(b"cd")]]
    assert found["total"].dtype == np.float32


TWICE = """
def infer(*, ids):
    if (ids == 1).any():
        raise ValueError(f"ids: row {(ids == 1).any(axis=1).argmax()} holds a one")
    return {"total": ids.sum(axis=1, keepdims=True) * 0.5, "shape": ids[:, :1].astype(str)}
"""


def test_a_refusal_of_joined_rows_names_the_row_of_the_request_and_the_pipelines_tensor(runner, tmp_path):
    (tmp_path / "sum/infer.py").write_text(TWICE)
    runner.setup(SimpleNamespace(folder=tmp_path, parameters={"steps": "steps.json"}))
    with pytest.raises(ValueError, match=r"^tokens: row 2 holds a one"):
        runner.infer(text=texts("ab", "xyz", "\x01b"))


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (
            "def infer(*, ids):\n    return {'total': ids.sum(axis=1, keepdims=True)}\n",
            "sum made no output 'shape'; it made total",
        ),
        (
            "def infer(*, ids):\n    return {'total': ids[:1, :1], 'shape': ids[:, :1]}\n",
            r"'total' of shape \(1, 1\) for 2 rows",
        ),
        (
            "def infer(*, ids):\n    return {'total': ids[:, :1] * 1j, 'shape': ids[:, :1]}\n",
            "of complex128, and its config states FP32",
        ),
    ],
)
def test_what_a_step_makes_wrongly_is_said(runner, tmp_path, code, sentence):
    (tmp_path / "sum/infer.py").write_text(code)
    runner.setup(SimpleNamespace(folder=tmp_path, parameters={"steps": "steps.json"}))
    with pytest.raises(RuntimeError, match=sentence):
        runner.infer(text=texts("ab", "cd"))


def test_strings_reach_an_onnx_step_as_text(tmp_path):
    graph = '<ir_version: 8, opset_import: ["": 17]> g (string[n, 1] s) => (string[n, 1] t) { t = Identity(s) }'
    (tmp_path / "m").mkdir()
    onnx.save(onnx.parser.parse_model(graph), tmp_path / "m/model.onnx")
    step = {"name": "m", "kind": "onnx", "folder": "m", "file": "model.onnx", "threads": 1, "parameters": {}, "alone": False}
    step |= {"input_map": {"s": "s"}, "output_map": {"t": "t"}, "types": {"t": "STRING"}}
    (tmp_path / "steps.json").write_text(json.dumps({"batched": True, "outputs": ["t"], "steps": [step]}))
    module = load_module(RUNNER)
    module.setup(SimpleNamespace(folder=tmp_path, parameters={"steps": "steps.json"}))
    assert module.infer(s=texts("abc"))["t"].tolist() == [[b"abc"]]


def test_a_refusal_names_the_row_of_the_request(runner):
    with pytest.raises(ValueError, match="text: row 2 is empty"):
        runner.infer(text=texts("ab", "xyz", ""))


def test_a_step_that_is_not_beside_the_pipeline_is_said(runner, tmp_path):
    (tmp_path / "sum/infer.py").unlink()
    with pytest.raises(
        FileNotFoundError, match=r"sum/infer.py is missing: a pipeline in one process reads its steps beside itself"
    ):
        runner.setup(SimpleNamespace(folder=tmp_path, parameters={"steps": "steps.json"}))
