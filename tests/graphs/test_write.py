from trireme.graphs.plan import Graph, Planned
from trireme.graphs.write import table
from trireme.modelconfig import parse

CONFIG = parse({"name": "m", "max_batch_size": 8, "input": [{"name": "ids", "data_type": "TYPE_INT64", "dims": [-1]}]}, "m")


def planned(*graphs, preferred=()):
    return Planned(graphs, preferred, 1.0, 0.0, 0.5, 1.0)


def test_a_graph_of_a_range_has_a_lower_bound_and_one_of_a_size_has_none():
    specs = table(planned(Graph(1, 1, 16), Graph(2, 8, 32), preferred=(8,)), CONFIG)
    assert specs["optimization"]["cuda"]["graph_spec"] == [
        {"batch_size": 1, "input": {"ids": {"dim": [16]}}},
        {
            "batch_size": 8,
            "input": {"ids": {"dim": [32]}},
            "graph_lower_bound": {"batch_size": 2, "input": {"ids": {"dim": [32]}}},
        },
    ]
    assert specs["dynamic_batching"] == {"preferred_batch_size": [8]}


def test_without_graphs_they_are_off():
    assert table(planned(), CONFIG) == {"optimization": {"cuda": {"graphs": False, "graph_spec": []}}}
