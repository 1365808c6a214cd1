"""The runner by itself: which rows run together, what each step is given, and how a refusal names its row."""

import json
from types import SimpleNamespace

import numpy as np
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


def test_a_refusal_names_the_row_of_the_request(runner):
    with pytest.raises(ValueError, match="text: row 2 is empty"):
        runner.infer(text=texts("ab", "xyz", ""))
