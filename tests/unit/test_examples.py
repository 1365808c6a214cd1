import json

import numpy as np
import pytest

from trireme import modelconfig
from trireme.errors import SourceError
from trireme.examples import read_examples

CONFIG = modelconfig.parse(
    {
        "max_batch_size": 8,
        "input": [{"name": "x", "data_type": "TYPE_FP32", "dims": [2]}],
        "output": [
            {"name": "y", "data_type": "TYPE_FP32", "dims": [2]},
            {"name": "s", "data_type": "TYPE_STRING", "dims": [1]},
        ],
    },
    "config",
)


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "models" / "a"
    path.mkdir(parents=True)
    return path


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "mend the JSON"),
        ("[]", "it is a list of one example or more"),
        ('[{"input": {}}]', "[0]: unknown key 'input'; did you mean 'inputs'?"),
        ('[{"inputs": {}}]', "[0].inputs: x is missing; the model takes x FP32[2]"),
        ('[{"inputs": {"z": [1]}}]', "[0].inputs: unknown key 'z'"),
        ('[{"inputs": {"x": [1, 2, 3]}}]', "[0].inputs.x: 'shape (3,)' is refused; the model takes x FP32[2]"),
        ('[{"inputs": {"x": ["a", "b"]}}]', "[0].inputs.x: 'text' is refused"),
        ('[{"inputs": {"x": {"file": "gone.npy"}}}]', "[0].inputs.x: the file gone.npy is missing"),
        ('[{"inputs": {"x": {"file": "../../../etc/passwd"}}}]', "it is the path of a file inside the model's folder"),
        ('[{"inputs": {"x": {"file": "."}}}]', "it is the path of a file inside the model's folder"),
        (
            '[{"inputs": {"x": [1, 2]}, "tolerance": "a"}]',
            "[0].tolerance: 'a' is refused; it is a number from 0",
        ),
        ('[{"inputs": {"x": [1, 2]}, "tolerance": -1}]', "[0].tolerance: -1 is refused; it is a number from 0"),
        ('[{"inputs": {"x": [1, 2]}, "tolerance": {"z": 1}}]', "[0].tolerance: unknown key 'z'"),
        ('[{"inputs": {"x": [1, 2]}, "outputs": {"y": [1, 2]}, "tolerance": {"y": "a"}}]', "[0].tolerance.y: 'a' is refused"),
        ('[{"inputs": 3}]', "[0].inputs: 3 is refused; it is a table"),
        ("[3]", "[0]: 3 is refused; it is a table"),
    ],
)
def test_examples_refuse(folder, text, sentence):
    (folder / "examples.json").write_text(text)
    with pytest.raises(SourceError) as caught:
        read_examples(folder, CONFIG)
    assert sentence in str(caught.value)
    assert str(caught.value).startswith("models/a/examples.json")


def test_a_model_without_examples_is_refused(folder):
    with pytest.raises(SourceError, match=r"models/a/examples.json: the file is missing"):
        read_examples(folder, CONFIG)


def example(folder, row):
    (folder / "examples.json").write_text(json.dumps([row]))
    return read_examples(folder, CONFIG)[0]


def test_an_answer_within_the_tolerance_is_as_expected(folder):
    one = example(folder, {"inputs": {"x": [1, 2]}, "outputs": {"y": [1, 2], "s": ["a"]}, "tolerance": 0.1})
    assert one.mismatch({"y": np.float32([1.05, 2]), "s": np.array([b"a"], object)}) is None


def test_a_tolerance_may_be_stated_by_output(folder):
    one = example(folder, {"inputs": {"x": [1, 2]}, "outputs": {"y": [1, 2]}, "tolerance": {"y": 0.1}})
    assert one.mismatch({"y": np.float32([1.05, 2])}) is None
    assert one.mismatch({"y": np.float32([1.2, 2])}) is not None
    assert one.allowed("y") == 0.1
    assert one.allowed("another") == 1e-4


@pytest.mark.parametrize(
    "found",
    [
        {"y": np.float32([1.5, 2]), "s": np.array([b"a"], object)},
        {"y": np.float32([1, 2]), "s": np.array([b"b"], object)},
        {"y": np.float32([1])},
    ],
)
def test_another_answer_is_told(folder, found):
    one = example(folder, {"inputs": {"x": [1, 2]}, "outputs": {"y": [1, 2], "s": ["a"]}})
    assert "expected" in one.mismatch(found)
