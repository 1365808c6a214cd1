import pytest

from trireme.graphs.observe import costs, shares_of
from trireme.graphs.plan import Shape
from trireme.modelconfig import parse

CONFIG = parse(
    {
        "name": "m",
        "max_batch_size": 8,
        "input": [{"name": "ids", "data_type": "TYPE_INT64", "dims": [-1]}],
        "output": [{"name": "y", "data_type": "TYPE_FP32", "dims": [4]}],
    },
    "m",
)


def test_a_text_counts_for_the_edge_that_it_is_padded_to():
    assert shares_of([3, 16, 17, 999], (16, 32)) == {16: 0.5, 32: 0.5}


def test_a_graph_saves_its_launches_and_shorter_rows_cost_less():
    account = costs(CONFIG, launches=100.0, row=10.0, longest=32, onnx=None)
    assert account.eager(Shape(2, 32)) - account.replayed(Shape(2, 32)) == 100.0
    assert account.replayed(Shape(2, 16)) == pytest.approx(10.0)


def test_a_graph_holds_at_least_its_tensors():
    assert costs(CONFIG, 1.0, 1.0, 32, None).held(Shape(2, 16)) == 2 * (16 * 8 + 4 * 4)


def test_what_is_computed_between_is_held_too(sources):
    onnx = max((sources.root / "model_repository/shape_detector").glob("[0-9]*/model.onnx"))
    fixed = parse({"name": "m", "max_batch_size": 8}, "m")
    account = costs(fixed, 1.0, 1.0, 1, onnx)
    assert account.held(Shape(8)) == pytest.approx(8 * account.held(Shape(1)))
    assert account.held(Shape(1)) > 100_000
