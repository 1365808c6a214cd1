"""A real server with two models of its own, a medic beside it, and what a person does to them."""

import os
import signal
import time
from pathlib import Path

import pytest

from trireme.build import build
from trireme.discover import discover
from trireme.medic.metrics import Metrics
from trireme.medic.policy import Rules
from trireme.medic.rounds import Medic
from trireme.medic.triton import Triton, canaries
from trireme.new import create
from trireme.serve import EXPLICIT
from trireme.server.process import AS_WRITTEN, Server

KEY = "triton-admin:open sesame"
RESTRICTED = "--grpc-restricted-protocol=model-repository:triton-admin=open sesame"


@pytest.fixture(scope="session")
def tree(tmp_path_factory):
    """The sources of two models and a pipeline of one, built."""
    root = tmp_path_factory.mktemp("medic")
    (root / "models").mkdir()
    for name in ("double", "other"):
        create(root, name, "python")
    with (root / "models/double/model.toml").open("a") as toml:
        toml.write("\n[variants.two]\ninstance_group = [{ count = 2 }]\n")
    folder = root / "ensembles/twice"
    folder.mkdir(parents=True)
    (folder / "examples.json").write_text('[{"inputs": {"x": [1.5]}, "outputs": {"y": [3.0]}}]')
    steps = 'inputs = ["x"]\noutputs = ["y"]\n[[step]]\nmodel = "double"\n'
    (folder / "ensemble.toml").write_text(f"{steps}[variants.joined]\none_process = true\n")
    build(discover(root))
    return root


class Ward:
    """A server and the medic that looks after it; events is what the medic said."""

    def __init__(self, root: Path, log: Path, rules: Rules, flags: tuple[str, ...]) -> None:
        self.server = Server(root / "model_repository", log, flags=(AS_WRITTEN, *EXPLICIT, RESTRICTED, *flags))
        self.server.start()
        self.triton = Triton(self.server.grpc, KEY)
        self.events: list[tuple[str, dict]] = []
        self.metrics = Metrics("digest")
        found = canaries(root / "model_repository", (root / "models", root / "ensembles"))
        self.medic = Medic(self.triton, found, self.metrics, lambda event, **facts: self.events.append((event, facts)), rules)

    def watch(self, interval: float = 0.5) -> None:
        self.medic.start(interval)

    def end(self) -> None:
        self.medic.close()
        self.triton.close()
        self.server.kill()

    def murder(self, model: str) -> float:
        """Kill a model's processes and return the moment."""
        for pid in self.server.stubs(model):
            os.kill(pid, signal.SIGKILL)
        return time.monotonic()

    def named(self, event: str) -> list[str]:
        return [facts.get("model", "") for name, facts in list(self.events) if name == event]


@pytest.fixture
def admit(tree, tmp_path):
    """Start wards, and end them."""
    wards = []

    def begin(*flags, root=tree, **rules) -> Ward:
        wards.append(Ward(root, tmp_path / f"{len(wards)}.log", Rules(**rules), flags))
        return wards[-1]

    yield begin
    for ward in wards:
        ward.end()
