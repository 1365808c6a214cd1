import importlib
import json
import sys
from types import SimpleNamespace

import numpy as np
import onnxruntime
import pytest

from trireme.server import embedded
from trireme.testing import pb_utils
from trireme.worker import ADAPTER


def test_without_an_engine_the_onnx_beside_the_plan_answers_as_the_plain_runtime(twins, repository):
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    session = onnxruntime.InferenceSession(repository / "planless/1/model.onnx", providers=["CPUExecutionProvider"])
    np.testing.assert_array_equal(twins.infer("planless", {"x": x})["y"], session.run(["y"], {"x": x})[0])


def test_the_log_says_which_one_was_taken_and_why(twin_server):
    assert "planless: the tensorrt twin took model.onnx (there is no model.plan)" in twin_server.log.read_text()


def test_with_neither_the_load_is_refused(twin_server):
    sentence = "nothing_beside: the tensorrt twin cannot run an engine (there is no model.plan), and no model.onnx lies beside"
    assert any(sentence in reason for reason in twin_server.reasons())


RECORD = {"runtime": "tensorrt-rtx", "version": "1.7.1", "capability": "8.9"}


@pytest.fixture
def on_a_gpu(tmp_path, monkeypatch):
    """The twin as it is loaded on a GPU of compute capability 8.9 under TensorRT-RTX 1.7.1; the GPU alone is stood in for."""
    folder = tmp_path / "twin"
    folder.mkdir()
    for name in ("twin.py", "tensorrt/model.py", "tensorrt/runtimes.py"):
        path = embedded.twins_folder() / name
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "batching.py").write_bytes(ADAPTER.read_bytes())
    module = SimpleNamespace(__version__="1.7.1")
    monkeypatch.setitem(sys.modules, "triton_python_backend_utils", pb_utils.make(tmp_path))
    monkeypatch.syspath_prepend(folder)
    for name in ("twin", "batching", "model", "runtimes"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    twin = importlib.import_module("model")
    monkeypatch.setattr(twin, "module_of", lambda _: module)
    monkeypatch.setattr(twin, "_capability", lambda _: "8.9")
    monkeypatch.setattr(twin, "_why_no_engine", lambda *_: "")

    def locate(record):
        version = tmp_path / "m" / "1"
        version.mkdir(parents=True)
        (version / "model.sm89.plan").write_bytes(b"plan")
        (version / "model.sm89.plan.json").write_text(json.dumps(record))
        model = twin.TritonPythonModel()
        model.name, model.device, model.version_folder = "m", 0, version
        model.config = {"cc_model_filenames": {"8.9": "model.sm89.plan", "9.0": "model.sm90.plan"}}
        return model.locate()

    yield locate
    for name in ("twin", "batching", "model", "runtimes"):
        sys.modules.pop(name, None)


def test_the_plan_of_the_gpus_compute_capability_is_taken(on_a_gpu):
    assert on_a_gpu(RECORD).name == "model.sm89.plan"


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        (
            RECORD | {"capability": "8.6"},
            "finds model.sm89.plan built for compute capability 8.6, and here is 8.9; build it here",
        ),
        (RECORD | {"version": "1.6.0"}, "finds model.sm89.plan built for tensorrt-rtx 1.6.0, and here is 1.7.1; build it here"),
    ],
)
def test_a_plan_of_another_gpu_or_another_tensorrt_is_refused(on_a_gpu, record, sentence):
    with pytest.raises(Exception, match=sentence):
        on_a_gpu(record)
