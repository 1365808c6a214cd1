"""Each unit keeps the [latency] that its sources state, as this machine serves it; for a quiet machine, by `make latency`."""

from pathlib import Path

import numpy as np
import pytest

from trireme import built
from trireme.discover import discover
from trireme.examples import read_examples
from trireme.serve import machine_flags
from trireme.server.process import Server
from trireme.tune import openloop

pytestmark = pytest.mark.goals
ROOT = Path(__file__).parents[2]
STATED = {unit.name: unit for unit in discover(ROOT).units if unit.latency is not None}
SECONDS = 8.0


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    tree = ROOT / "model_repository"
    with Server(tree, tmp_path_factory.mktemp("goals") / "server.log", flags=machine_flags(tree)) as server:
        yield server.http


@pytest.mark.parametrize("name", STATED)
def test_a_unit_keeps_its_goal(name, address):
    unit, goal = STATED[name], STATED[name].latency
    config = built.config(ROOT / "model_repository", name)
    rows = [{key: array[None] for key, array in one.inputs.items()} for one in read_examples(unit.folder, config)]
    draw = np.random.default_rng(0)
    arrivals = np.cumsum(draw.exponential(1 / goal.rate, round(goal.rate * SECONDS)))
    requests = [openloop.request(name, row) for row in rows]
    point = openloop.offer(address, requests, draw.integers(0, len(rows), len(arrivals)), arrivals)
    assert point.kept, "the generator could not keep its rate: this run does not count"
    assert (point.failed, point.p50 <= goal.p50_ms, point.p99 <= goal.p99_ms) == (0, True, True), point
