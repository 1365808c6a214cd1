"""A small repository whose one model sleeps, so that its times are known, and its costs as a calibration would find them."""

import numpy as np
import pytest

from trireme import built
from trireme.build import build
from trireme.discover import discover
from trireme.tune.costs import Costs, StageCosts
from trireme.tune.live import Live, Stage

SLEEPS = """import time


def infer(*, x):
    time.sleep(0.03 + 0.001 * len(x))
    return {"y": 2 * x}
"""
CONFIG = """version = 1

[config]   # kept as it is
max_batch_size = 8
dynamic_batching = {}
input = [{ name = "x", data_type = "TYPE_FP32", dims = [1] }]
output = [{ name = "y", data_type = "TYPE_FP32", dims = [1] }]
"""
PIPELINE = """inputs = ["x"]
outputs = ["y"]

[[step]]
model = "sleeper"   # its one step
"""


def lay_out(root):
    (root / "models/sleeper").mkdir(parents=True)
    (root / "models/sleeper/infer.py").write_text(SLEEPS)
    (root / "models/sleeper/model.toml").write_text(CONFIG)
    (root / "models/sleeper/README.md").write_text("# sleeper\n")
    (root / "models/sleeper/examples.json").write_text('[{"inputs": {"x": [3]}, "outputs": {"y": [6]}}]\n')
    build(discover(root))
    return root


@pytest.fixture
def sleepy(tmp_path):
    """The repository, built; a test may write into it."""
    return lay_out(tmp_path)


@pytest.fixture
def piped(sleepy):
    """A pipeline of the sleeper alone, built; in one process it needs nothing else."""
    folder = sleepy / "ensembles/pipe"
    folder.mkdir(parents=True)
    (folder / "ensemble.toml").write_text(PIPELINE)
    (folder / "examples.json").write_text('[{"inputs": {"x": [3]}, "outputs": {"y": [6]}}]\n')
    build(discover(sleepy))
    return sleepy


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """Its model on a server that loads any knobs."""
    root = lay_out(tmp_path_factory.mktemp("sleepy"))
    with Live(root / "model_repository", "sleeper", root / "tune.log") as running:
        running.load({})
        running.samples = ({"x": np.ones((1, 1), np.float32)},)
        yield running


@pytest.fixture
def stage(sleepy):
    """The sleeper as a stage that takes one kind of request."""
    config = built.config(sleepy / "model_repository", "sleeper")
    return Stage("sleeper", config, ({"x": np.ones((1, 1), np.float32)},))


@pytest.fixture
def costed():
    """Costs of a model whose batches take `first` for one row and `more` for each further one [us], on two cores."""

    def costs(first, more, front=10.0, name="sleeper"):
        service = {0: first + more * (np.arange(9) - 1.0)[None]}
        return Costs((StageCosts(name, service, ((0, 0, 1, first),), (0,)),), front, 1.0)

    return costs
