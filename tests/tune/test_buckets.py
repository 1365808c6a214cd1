"""Edges against every choice there is, and against what they have to hold."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trireme.tune import buckets

LENGTHS = st.lists(st.integers(1, 12), min_size=1, max_size=20)


def everything(lengths, count, cost):
    """The least work of all sets of so many edges, tried one by one."""
    seen = sorted(set(lengths))
    sets = [(*inner, seen[-1]) for size in range(min(count, len(seen))) for inner in combinations(seen[:-1], size)]
    return min(buckets.score(lengths, edges, cost).work for edges in sets)


@given(LENGTHS, st.integers(1, 4), st.sampled_from([None, np.square, np.sqrt]))
def test_no_other_edges_are_better(lengths, most, cost):
    found = buckets.best(lengths, most, cost)
    for count, row in enumerate(found, 1):
        assert len(row.edges) <= count
        assert row.work == pytest.approx(everything(lengths, count, cost), abs=1e-9)


@given(LENGTHS)
def test_more_edges_never_pad_more_and_enough_pad_nothing(lengths):
    found = buckets.best(lengths, 12)
    assert [row.work for row in found] == sorted((row.work for row in found), reverse=True)
    assert found[-1].padded == 0


def test_the_last_edge_holds_what_may_come_and_nothing_that_came_is_padded_to_it():
    assert [row.edges for row in buckets.best([3, 5], 3, last=16)] == [(16,), (5, 16), (3, 5, 16)]


def test_what_is_longer_than_the_last_edge_is_cut_to_it():
    assert buckets.score([4, 40], (8,)).padded == pytest.approx(16 / 12 - 1)


@pytest.mark.parametrize("lengths", [[], [0, 3]])
def test_lengths_that_are_none_are_refused(lengths):
    with pytest.raises(ValueError, match="lengths are one or more whole numbers from 1"):
        buckets.best(lengths, 2)
