"""Which batch runs as which CUDA graph. A function on buffers stands in for a captured graph; all else is what a GPU runs."""

import gc
import importlib
import json
import sys
import weakref
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from trireme.server import embedded
from trireme.testing import pb_utils


@pytest.fixture
def graphs(tmp_path, monkeypatch):
    """The module as the twins import it, with a pb_utils whose log and metrics can be read."""
    utils = pb_utils.make(tmp_path)
    monkeypatch.setitem(sys.modules, "triton_python_backend_utils", utils)
    monkeypatch.syspath_prepend(embedded.twins_folder())
    monkeypatch.delitem(sys.modules, "cuda_graphs", raising=False)
    yield importlib.import_module("cuda_graphs")
    sys.modules.pop("cuda_graphs", None)


def config(*specs, dims=(3,), out=(3,), **more):
    cuda = {"graphs": True, "graph_spec": list(specs)}
    inputs, outputs = [{"name": "x", "dims": list(dims)}], [{"name": "y", "dims": list(out)}]
    return {"max_batch_size": 8, "input": inputs, "output": outputs, "optimization": {"cuda": cuda}, **more}


def spec(batch, length=None, least=None):
    row = {"batch_size": batch} | ({"input": {"x": {"dim": [str(length)]}}} if length else {})
    if least:
        row["graph_lower_bound"] = {"batch_size": least[0]} | ({"input": {"x": {"dim": [str(least[1])]}}} if least[1] else {})
    return row


class Twin:
    """What the graphs ask of a twin; capture doubles its input, as a graph would, on buffers that stay."""

    name, version, batched, count = "m", "1", True, 0

    def __init__(self, table, broken=()):
        self.config, self.broken, self.buffers = table, broken, []

    def refuse(self, sentence):
        raise ValueError(sentence)

    def capture(self, shapes):
        if shapes["x"] in self.broken:
            raise RuntimeError("operation not permitted when stream is capturing")
        inputs = {"x": torch.ones(shapes["x"])}
        outputs = {"y": torch.empty(shapes["x"])}
        self.buffers.append(inputs["x"])
        return inputs, lambda: outputs["y"].copy_(2 * inputs["x"]), outputs


def rows(count, length=3):
    return {"x": np.arange(1, count * length + 1, dtype=np.float32).reshape(count, length)}


@pytest.mark.parametrize(
    ("table", "found"),
    [
        (config(spec(4), spec(2)), [(2, 2), (4, 4)]),
        (config(spec(8, least=(3, None)), spec(2)), [(2, 2), (3, 8)]),
        (config(dynamic_batching={"preferred_batch_size": [4]}), [(1, 1), (4, 4), (8, 8)]),
        (config(dynamic_batching={}), [(1, 1), (8, 8)]),
        (config(), [(1, 1), (8, 8)]),
        (config(dims=(-1,)), []),
    ],
    ids=["exact", "lower bound", "preferred sizes", "any batching", "no batching", "open sizes are not guessed"],
)
def test_the_graphs_are_those_that_the_config_asks_for(graphs, table, found):
    assert [(one.least["x"][0], one.most["x"][0]) for one in graphs.specs(table)] == found


def test_without_graphs_true_there_are_none(graphs):
    assert graphs.specs({**config(spec(2)), "optimization": {"cuda": {"graphs": False, "graph_spec": [spec(2)]}}}) == []


def test_a_batch_of_its_shape_is_replayed(graphs):
    twin = Twin(config(spec(2)))
    answer = graphs.Graphs(twin, twin.capture).run(rows(2), {"y"})
    np.testing.assert_array_equal(answer["y"], 2 * rows(2)["x"])


def test_a_batch_of_another_shape_is_left_to_the_twin(graphs):
    twin = Twin(config(spec(2)))
    assert graphs.Graphs(twin, twin.capture).run(rows(3), {"y"}) is None


def test_inside_a_lower_bound_the_padding_is_zero_whatever_was_there(graphs):
    twin = Twin(config(spec(4, least=(1, None))))
    captured = graphs.Graphs(twin, twin.capture)
    captured.run(rows(4), {"y"})
    answer = captured.run(rows(2), {"y"})
    np.testing.assert_array_equal(answer["y"], 2 * rows(2)["x"])
    np.testing.assert_array_equal(twin.buffers[0][2:], np.zeros((2, 3)))


def test_lengths_are_padded_with_zeros_too(graphs):
    twin = Twin(config(spec(2, 5, least=(1, 3)), dims=(-1,), out=(3,)))
    graphs.Graphs(twin, twin.capture).run(rows(2, 4), {"y"})
    np.testing.assert_array_equal(twin.buffers[0], np.pad(rows(2, 4)["x"], ((0, 0), (0, 1))))


def test_of_the_graphs_that_fit_the_one_that_pads_least_is_taken(graphs):
    twin = Twin(config(spec(8, least=(1, None)), spec(4, least=(1, None))))
    graphs.Graphs(twin, twin.capture).run(rows(3), {"y"})
    assert [len(buffer) for buffer in twin.buffers if buffer[2].any() and not buffer[3].any()] == [4]


def test_lengths_are_not_padded_where_an_outputs_size_would_follow_them(graphs):
    twin = Twin(config(spec(2, 5, least=(1, 3)), dims=(-1,), out=(-1,)))
    with pytest.raises(ValueError, match="pads no sizes but the batch where an output's size is -1"):
        graphs.Graphs(twin, twin.capture)


def test_a_graph_that_cannot_be_captured_never_fits_and_the_others_do(graphs, capfd):
    twin = Twin(config(spec(2), spec(4)), broken=((4, 3),))
    captured = graphs.Graphs(twin, twin.capture)
    assert captured.run(rows(4), {"y"}) is None
    assert captured.run(rows(2), {"y"}) is not None


def test_hits_and_misses_are_counted_by_model_version_and_result(graphs, monkeypatch):
    counted = {}

    class Family:
        COUNTER = 0

        def __init__(self, name, **_):
            self.name = name

        def Metric(self, labels):  # noqa: N802 - Triton's name
            key = json.dumps({"name": self.name, **labels})
            return SimpleNamespace(increment=lambda by: counted.update({key: counted.get(key, 0) + by}))

    monkeypatch.setattr(graphs.pb_utils, "MetricFamily", Family)
    twin = Twin(config(spec(2)))
    captured = graphs.Graphs(twin, twin.capture)
    for size in (2, 3, 2):
        captured.run(rows(size), {"y"})
    labels = {"name": "trireme_cuda_graph_batches_total", "model": "m", "version": "1"}
    assert counted == {json.dumps({**labels, "result": "hit"}): 2, json.dumps({**labels, "result": "miss"}): 1}


def test_the_counters_outlive_the_call_that_made_them(graphs, monkeypatch):
    class Family:
        COUNTER = 0

        def __init__(self, **_):
            pass

        def Metric(self, labels):  # noqa: N802 - Triton's name
            family = weakref.ref(self)

            def increment(_):
                if family() is None:
                    raise RuntimeError("Invalid metric operation as the corresponding 'MetricFamily' has been deleted.")

            return SimpleNamespace(increment=increment)

    monkeypatch.setattr(graphs.pb_utils, "MetricFamily", Family)
    count = graphs.counter(Twin(config(spec(2))))
    gc.collect()
    count("hit")


def test_a_server_without_metrics_serves_all_the_same(graphs, monkeypatch):
    def refuse(**_):
        raise graphs.pb_utils.TritonModelException("metrics are not enabled")

    refuse.COUNTER = 0
    monkeypatch.setattr(graphs.pb_utils, "MetricFamily", refuse)
    twin = Twin(config(spec(2)))
    assert graphs.Graphs(twin, twin.capture).run(rows(2), {"y"}) is not None


def test_an_output_without_a_batch_is_given_whole(graphs):
    table = {**config(spec(1), dims=(3,), out=(5,)), "max_batch_size": 0}
    twin = Twin(table)
    twin.batched = False

    def capture(shapes):
        outputs = {"y": torch.arange(5.0)}
        return {"x": torch.ones(shapes["x"])}, lambda: None, outputs

    answer = graphs.Graphs(twin, capture).run({"x": np.ones(3, np.float32)}, {"y"})
    assert answer["y"].tolist() == [0, 1, 2, 3, 4]


def test_a_graph_that_names_no_input_or_leaves_sizes_open_is_left_out(graphs):
    assert graphs.specs(config({"batch_size": 2, "input": {"z": {"dim": ["3"]}}}, spec(4))) == graphs.specs(config(spec(4)))
    assert graphs.specs(config(spec(4), dims=(-1,))) == []
