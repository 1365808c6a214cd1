import pytest

from trireme.engines import profiles
from trireme.engines.profiles import Range
from trireme.errors import EngineError
from trireme.modelconfig import parse
from trireme.tensors import Tensor

PIXELS = (Tensor("pixels", "TYPE_FP32", (-1, 3, 128, 128)),)
TOKENS = (Tensor("ids", "TYPE_INT64", (-1, -1)), Tensor("mask", "TYPE_INT64", (-1, -1)))


def config(**fields):
    return parse({"name": "m", "max_batch_size": 16, **fields}, "m")


def test_sizes_that_are_open_need_lengths():
    with pytest.raises(EngineError, match=r"m: the graph leaves sizes of input 'ids' open; state lengths = \[...\] or buckets"):
        profiles.of(config(), TOKENS, ())


def test_a_batch_alone_is_one_profile_that_is_fastest_at_the_largest_preferred_size():
    found = profiles.of(config(dynamic_batching={"preferred_batch_size": [4, 8]}), PIXELS, ())
    assert found == ({"pixels": Range((1, 3, 128, 128), (8, 3, 128, 128), (16, 3, 128, 128))},)


def test_without_preferred_sizes_it_is_fastest_at_the_greatest_batch():
    assert profiles.of(config(), PIXELS, ())[0]["pixels"].usual == (16, 3, 128, 128)


def test_each_length_is_a_profile_from_the_one_before():
    found = profiles.of(config(), TOKENS, (64, 16))
    assert [profile["mask"] for profile in found] == [Range((1, 1), (16, 16), (16, 16)), Range((1, 17), (16, 64), (16, 64))]


def test_a_graph_of_one_shape_has_no_profile():
    assert profiles.of(config(max_batch_size=0), (Tensor("x", "TYPE_FP32", (4, 3)),), ()) == ()


def test_without_batching_the_first_size_is_a_size_as_any():
    assert profiles.of(config(max_batch_size=0), (Tensor("x", "TYPE_FP32", (-1, 3)),), (5,)) == (
        {"x": Range((1, 3), (5, 3), (5, 3))},
    )
