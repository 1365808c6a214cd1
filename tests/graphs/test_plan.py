"""The plan is the best there is: held against every choice on small cases."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trireme.graphs.plan import Costs, Graph, Shape, choose, score


def costs(launches=100.0, row=10.0, held=1.0):
    return Costs(lambda s: launches + row * s.batch, lambda s: row * s.batch, lambda s: held * s.batch * max(s.length, 1))


def every_choice(seen):
    """All sets of graphs whose ranges lie between sizes that were seen, none over another of the same length."""
    found = [()]
    for length in {shape.length for shape in seen}:
        sizes = sorted(shape.batch for shape in seen if shape.length == length)
        ranges = [Graph(low, high, length) for low in sizes for high in sizes if low <= high]
        own = [
            chosen
            for count in range(len(sizes) + 1)
            for chosen in combinations(ranges, count)
            if all(one.most < two.least or two.most < one.least for one, two in combinations(chosen, 2))
        ]
        found = [(*before, *chosen) for before in found for chosen in own]
    return found


@pytest.mark.parametrize("seen", [{}, {Shape(2): 0}, {Shape(0): 1}])
def test_nothing_seen_is_refused(seen):
    with pytest.raises(ValueError, match="each seen at least once"):
        choose(seen, costs(), 1e6)


def test_without_memory_there_are_no_graphs():
    assert choose({Shape(4): 10}, costs(), 0.0).graphs == ()


def test_one_graph_takes_neighbours_where_padding_costs_less_than_launches():
    planned = choose({Shape(3): 10, Shape(4): 90}, costs(launches=100, row=10), 4.0)
    assert planned.graphs == (Graph(3, 4),)
    assert (planned.hits, planned.padded) == (1.0, pytest.approx(10 / 390))


def test_where_padding_costs_more_each_size_has_its_own():
    planned = choose({Shape(1): 50, Shape(8): 50}, costs(launches=30, row=10), 1e6)
    assert planned.graphs == (Graph(1, 1), Graph(8, 8))


def test_memory_goes_to_what_is_common():
    seen = {Shape(4, 16): 1, Shape(4, 64): 1000}
    assert choose(seen, costs(), 4 * 64 + 10).graphs == (Graph(4, 4, 64),)


def test_sizes_that_many_batches_run_as_are_preferred():
    planned = choose({Shape(1): 60, Shape(8): 39, Shape(5): 1}, costs(launches=20), 1e6)
    assert planned.preferred == (8,)


def test_of_two_graphs_that_fit_the_smaller_is_used():
    planned = score({Shape(2): 1}, [Graph(1, 8), Graph(1, 2)], costs())
    assert planned.padded == 0.0


@given(
    seen=st.dictionaries(
        st.builds(Shape, st.integers(1, 4), st.sampled_from([16, 32])), st.integers(1, 50), min_size=1, max_size=5
    ),
    launches=st.sampled_from([5.0, 40.0, 200.0]),
    budget=st.sampled_from([64.0, 128.0, 256.0]),
)
@settings(max_examples=60, deadline=None)
def test_no_other_choice_saves_more(seen, launches, budget):
    account = costs(launches=launches)
    planned = choose(seen, account, budget)
    rivals = [score(seen, graphs, account) for graphs in every_choice(seen)]
    assert planned.held <= budget
    assert planned.saved == pytest.approx(max(rival.saved for rival in rivals if rival.held <= budget))
