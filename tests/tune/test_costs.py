from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from trireme.tune import costs
from trireme.tune.knobs import Knobs
from trireme.tune.live import Stage

pytestmark = pytest.mark.alone


def test_batches_are_measured_one_size_after_another(live):
    stage = Stage("sleeper", live.config, live.samples)
    said = []
    found = costs.measure(live, (stage,), 2, longest=1.0, watch=said.append)
    table = found.stages[0].service[0][0]
    assert table[1] == pytest.approx(31_000, rel=0.2)
    assert table[8] - table[1] == pytest.approx(7000, abs=3000)
    assert [row[2] for row in found.stages[0].measured] == [1, 2, 4, 8]
    assert found.front < 10_000
    assert 0.5 < found.shared <= 1.0
    assert found.stages[0].cold < 5000  # it sleeps, and has nothing to find gone from a cache
    assert 0 <= min(found.waits) <= max(found.waits) < 1_000_000
    assert any("side by side" in line for line in said)


def test_what_each_further_request_adds_is_measured_beside_one_of_as_many_rows(stage, monkeypatch):
    loaded = []
    live = SimpleNamespace(load=loaded.append)
    monkeypatch.setattr(costs, "_busy", lambda _live, _stage, _request, size, clients: 2e6 if clients == size else 1.3e6)
    assert costs._joined(live, stage, 0, 8) == pytest.approx(100.0)  # noqa: SLF001 - the server's part is measured above
    assert loaded == [{stage.name: Knobs(1, 0, (8,), costs.GATHERING)}]
    assert costs._joined(live, stage, 0, 1) == 0.0  # noqa: SLF001 - a model that joins nothing


def test_no_more_requests_are_gathered_than_the_queue_takes_and_for_no_longer_than_they_may_wait(stage, monkeypatch):
    loaded, config = [], type(stage.config)()
    config.CopyFrom(stage.config)
    policy = config.dynamic_batching.default_queue_policy
    policy.max_queue_size, policy.default_timeout_microseconds = 3, 40_000
    monkeypatch.setattr(costs, "_busy", lambda *_: 1e6)
    costs._joined(SimpleNamespace(load=loaded.append), replace(stage, config=config), 0, 8)  # noqa: SLF001 - see above
    assert loaded == [{stage.name: Knobs(1, 0, (3,), 20_000)}]


@pytest.mark.parametrize(("cold", "crowd"), [(0.0, 1.0), (30.0, 1.0), (400.0, 1.08)])
def test_cores_crowd_each_other_only_where_a_pause_costs_a_batch_something(stage, monkeypatch, cold, crowd):
    monkeypatch.setattr(costs, "_spaced", lambda _live, _stage, _request, many: 4000.0 + 32.0 * (many - 1))
    found = costs.StageCosts("sleeper", {}, ((0, 0, 1, 4000.0),), (0,), cold)
    assert costs._crowd(None, stage, found, 2) == pytest.approx(crowd)  # noqa: SLF001 - see above


def test_sizes_between_are_on_a_line_and_beyond_it_goes_on(stage):
    table = costs._table(stage, {(0, 1): 100.0, (0, 2): 150.0, (0, 4): 250.0})  # noqa: SLF001 - pure arithmetic
    assert table[0, 1:].tolist() == [100, 150, 200, 250, 300, 350, 400, 450]


def test_shapes_between_are_interpolated_by_their_elements(stage):
    inputs = tuple({"x": np.ones((1, size), np.float32)} for size in (10, 20, 30))
    wide = Stage("wide", stage.config, inputs)
    table = costs._table(wide, {(0, 1): 100.0, (2, 1): 300.0})  # noqa: SLF001 - see above
    assert table[:, 1].tolist() == [100, 200, 300]
    assert costs._numbers(wide) == (0, 1, 2)  # noqa: SLF001 - see above
