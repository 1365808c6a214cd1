import importlib
import re
import shutil
import sys

import numpy as np
import pytest
import torch

from trireme.server import embedded
from trireme.server.process import Server
from trireme.testing import pb_utils
from trireme.worker import ADAPTER

LEFT, RIGHT = (np.random.default_rng(seed).normal(size=(4, 3)).astype(np.float32) for seed in (1, 2))


@pytest.mark.parametrize(("model", "left", "right"), [("named", "left", "right"), ("indexed", "INPUT__0", "INPUT__1")])
def test_inputs_and_outputs_are_named_as_the_native_backend_names_them(model, left, right, twins, repository):
    found = twins.infer(model, {left: LEFT, right: RIGHT})
    module = torch.jit.load(repository / model / "1" / "model.pt")
    difference, product = module(torch.from_numpy(LEFT), torch.from_numpy(RIGHT))
    np.testing.assert_array_equal(found["OUTPUT__0"], difference.numpy())
    np.testing.assert_array_equal(found["OUTPUT__1"], product.numpy())


def test_an_output_is_the_tensor_its_index_says_though_others_are_not_stated(twins):
    np.testing.assert_array_equal(twins.infer("second_output", {"left": LEFT, "right": RIGHT})["OUTPUT__1"], LEFT * RIGHT)


def test_only_requested_outputs_come_back(twins):
    assert list(twins.infer("named", {"left": LEFT, "right": RIGHT}, outputs=["OUTPUT__1"])) == ["OUTPUT__1"]


def test_text_is_refused_at_load(twin_server):
    assert any("the pytorch twin takes no strings: left" in reason for reason in twin_server.reasons())


@pytest.fixture
def crowded(tmp_path, monkeypatch):
    """Whether the twin thinks that a model's instances have too many threads, on two cores."""
    files = (embedded.twins_folder() / "twin.py", embedded.twins_folder() / "pytorch/model.py", ADAPTER)
    for path, name in zip(files, ("twin.py", "model.py", "batching.py"), strict=True):
        (tmp_path / name).write_bytes(path.read_bytes())
    monkeypatch.setitem(sys.modules, "triton_python_backend_utils", pb_utils.make(tmp_path))
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("twin", "batching", "model"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    twin = importlib.import_module("model")
    yield lambda instances, threads: twin._crowded({"instance_group": instances}, threads, 2)  # noqa: SLF001 - no server tells
    for name in ("twin", "batching", "model"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("instances", "threads", "answer"),
    [
        ([{"count": 2}], 0, True),
        ([{"count": 2}], 1, False),
        ([{"count": 3}], 1, True),
        ([{"count": 1}], 0, False),
        ([{"count": 1}, {"count": 1}], 2, True),
        ([], 0, False),
    ],
)
def test_threads_that_share_cores_wait_without_spinning(crowded, instances, threads, answer):
    assert crowded(instances, threads) is answer


@pytest.mark.parametrize(("instances", "passive"), [(2, True), (1, False)])
def test_openmp_is_told_so_in_the_stub(repository, tmp_path, monkeypatch, instances, passive):
    shutil.copytree(repository / "named", tmp_path / "tree/named")
    with (tmp_path / "tree/named/config.pbtxt").open("a") as file:
        file.write(f"instance_group {{ count: {instances} kind: KIND_CPU }}")
    monkeypatch.setenv("OMP_DISPLAY_ENV", "VERBOSE")  # libgomp prints what it took when it is loaded
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    with Server(tmp_path / "tree", tmp_path / "log"):
        said = (tmp_path / "log").read_text()
    turns = {int(found) for found in re.findall(r"GOMP_SPINCOUNT = '(\d+)'", said)}
    assert turns == {0} if passive else min(turns) > 0
