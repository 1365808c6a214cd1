import hashlib
import json
import sys

import pytest

from trireme.lint import planfile


def written(folder, record):
    (folder / "model.plan").write_bytes(b"plan")
    (folder / "model.plan.json").write_text(record if isinstance(record, str) else json.dumps(record))
    return planfile.read(folder / "model.plan")


@pytest.mark.parametrize(
    "record",
    [
        "{",
        "[]",
        '{"profiles": 3}',
        '{"profiles": [{"x": {"min": [1]}}]}',
        '{"profiles": [{"x": 3}]}',
        '{"tensors": {"x": {}}}',
        '{"tensors": 3}',
    ],
)
def test_a_record_that_is_none_is_a_problem(tmp_path, record):
    assert written(tmp_path, record).problem.startswith("it cannot be read")


def test_a_record_of_the_plan_has_its_profiles(tmp_path):
    digest = hashlib.sha256(b"plan").hexdigest()
    plan = written(tmp_path, {"sha256": digest, "profiles": [{"x": {"min": [1, 3], "opt": [4, 3], "max": [8, 3]}}]})
    assert plan.problem == ""
    assert plan.profiles[0].covers({"x": [8, 3]})
    assert not plan.profiles[0].covers({"x": [9, 3]})
    assert not plan.profiles[0].covers({"x": [8]})


STAND_IN = """
from types import SimpleNamespace

class Logger:
    INTERNAL_ERROR = 0
    def __init__(self, least): pass

class TensorIOMode:
    INPUT, OUTPUT = "in", "out"

class Engine:
    num_io_tensors, num_optimization_profiles = 2, 2
    def get_tensor_name(self, number): return "xy"[number]
    def get_tensor_mode(self, name): return {"x": TensorIOMode.INPUT, "y": TensorIOMode.OUTPUT}[name]
    def get_tensor_dtype(self, name): return SimpleNamespace(name={"x": "HALF", "y": "FLOAT"}[name])
    def get_tensor_shape(self, name): return {"x": (-1, 3), "y": (-1, 2)}[name]
    def get_tensor_profile_shape(self, name, number): return [(1, 3), (4, 3), ((8, 3), (16, 3))[number]]

class Runtime:
    def __init__(self, logger): pass
    def deserialize_cuda_engine(self, data): return Engine() if data == b"plan" else None
"""
"""What of TensorRT's Python API is asked for an engine's profiles, as tensorrt_rtx_bindings 1.7.1 has it.

https://docs.nvidia.com/deeplearning/tensorrt/latest/_static/python-api/infer/Core/Engine.html: an engine can be read on a
machine with a GPU only; without one deserialize_cuda_engine answers None, and Runtime may raise.
"""
RECORDED = {"profiles": [{"x": {"min": [1, 3], "opt": [2, 3], "max": [4, 3]}}]}


@pytest.fixture
def tensorrt(tmp_path, monkeypatch):
    """A stand-in for TensorRT, of the text that a test gives."""

    def installed(text):
        (tmp_path / "installed").mkdir()
        (tmp_path / "installed" / "tensorrt.py").write_text(text)
        monkeypatch.syspath_prepend(tmp_path / "installed")
        monkeypatch.delitem(sys.modules, "tensorrt", raising=False)

    yield installed
    sys.modules.pop("tensorrt", None)


def test_the_record_of_another_plan_is_not_believed(tmp_path):
    plan = written(tmp_path, '{"sha256": "0", "profiles": [{"x": {"min": [1], "max": [2]}}], "tensors": {}}')
    assert (plan.problem, plan.profiles) == ("it is of another plan (sha256 differs)", ())


def test_tensorrt_where_it_is_installed_is_asked_before_the_record(tmp_path, tensorrt):
    tensorrt(STAND_IN)
    plan = written(tmp_path, RECORDED)
    assert [dict(profile.ranges) for profile in plan.profiles] == [{"x": ((1, 3), (8, 3))}, {"x": ((1, 3), (16, 3))}]
    assert plan.tensors == {"x": ("input", "TYPE_FP16", (-1, 3)), "y": ("output", "TYPE_FP32", (-1, 2))}


@pytest.mark.parametrize(
    "text",
    [
        STAND_IN.replace("return Engine() if", "return None if"),
        STAND_IN.replace("def __init__(self, logger): pass", "def __init__(self, logger): raise TypeError('no CUDA driver')"),
        "raise ImportError('libnvinfer.so.10: cannot open shared object file')",
    ],
)
def test_the_record_is_believed_where_tensorrt_cannot_read_the_plan(tmp_path, tensorrt, text):
    tensorrt(text)
    assert [dict(profile.ranges) for profile in written(tmp_path, RECORDED).profiles] == [{"x": ((1, 3), (4, 3))}]


def test_the_rules_hold_graphs_against_what_tensorrt_says(tmp_path, tensorrt, codes):
    tensorrt(STAND_IN.replace('b"plan"', 'b"(plan)\\n"'))
    example = """\
    ==> example/config.pbtxt <==
    backend: "tensorrt"
    max_batch_size: 32
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    optimization { cuda { graphs: true graph_spec { batch_size: 32 input { key: "x" value { dim: [ 3 ] } } } } }
    ==> example/1/model.plan <==
    (plan)
    """
    assert "TR622" in codes(example)


def test_without_a_record_nothing_is_known(tmp_path):
    (tmp_path / "model.plan").write_bytes(b"plan")
    assert planfile.read(tmp_path / "model.plan") == planfile.Plan()
