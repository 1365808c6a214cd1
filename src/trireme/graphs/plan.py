"""The graphs that save the most time within a budget of memory. Pure functions.

A graph of (batch, length) with a lower bound runs every batch of its length between the two, padded to its own size: it saves
the launches of the kernels and pays for the padding. Lengths are exact: texts are padded to buckets before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from trireme.arrays import Array

STEPS = 512
"""Into how many parts a budget is divided: a graph takes whole parts, so that a plan never goes beyond it."""
COMMON = 0.05
"""The share of batches from which on the batcher is asked to prefer a size."""
MOST_PREFERRED = 4


class Shape(NamedTuple):
    """A batch: its rows and the length that they are padded to, 0 for a model without lengths."""

    batch: int
    length: int = 0


class Graph(NamedTuple):
    """A graph of `most` rows that takes batches from `least` rows on."""

    least: int
    most: int
    length: int = 0


@dataclass(frozen=True)
class Costs:
    """What a batch takes without a graph and what it takes as one [us], and what a graph holds [bytes], by shape."""

    eager: Callable[[Shape], float]
    replayed: Callable[[Shape], float]
    held: Callable[[Shape], float]


@dataclass(frozen=True)
class Planned:
    """Graphs with what they are expected to do: hits and padding are shares of batches and of rows, saved is of time."""

    graphs: tuple[Graph, ...]
    preferred: tuple[int, ...]
    hits: float
    padded: float
    saved: float
    held: float


def choose(seen: Mapping[Shape, int], costs: Costs, budget: float) -> Planned:
    """Return the graphs that save the most of the time that the batches seen take, for so many bytes.

    Exact by dynamic programming: for each length, which ranges of batch sizes share a graph; and over all, who gets the memory.

    Raises:
        ValueError: no batches were seen, or a count is below 1.

    """
    if not seen or min(seen.values()) < 1 or min(shape.batch for shape in seen) < 1:
        message = "batches are one shape or more, each seen at least once"
        raise ValueError(message)
    best = np.zeros(STEPS + 1)
    walk: list[tuple[list[Graph | None], Array]] = []
    part = budget / STEPS
    for length in sorted({shape.length for shape in seen}):
        sizes = sorted(shape.batch for shape in seen if shape.length == length)
        columns = [best]
        for place, most in enumerate(sizes):
            takes = int(np.ceil(costs.held(Shape(most, length)) / part)) if part else STEPS + 1
            rows: list[tuple[Graph | None, Array]] = [(None, columns[place])]
            for first in range(place + 1):
                gain = sum(
                    seen[Shape(size, length)] * (costs.eager(Shape(size, length)) - costs.replayed(Shape(most, length)))
                    for size in sizes[first : place + 1]
                )
                rows.append((Graph(sizes[first], most, length), _shifted(columns[first], takes, gain)))
            table = np.array([row for _, row in rows])
            columns.append(table.max(axis=0))
            walk.append(([graph for graph, _ in rows], table.argmax(axis=0)))
        best = columns[-1]
    return score(seen, _walked_back(seen, walk, costs, part), costs)


def score(seen: Mapping[Shape, int], graphs: Iterable[Graph], costs: Costs) -> Planned:
    """Return what given graphs are expected to do with the batches seen; of those that fit a batch the least is used."""
    ordered = sorted(graphs, key=lambda graph: (graph.length, graph.most))
    hits = padded = rows = spent = eager = 0.0
    used: dict[int, int] = {}
    for shape, count in seen.items():
        eager += count * costs.eager(shape)
        found = next((one for one in ordered if one.length == shape.length and one.least <= shape.batch <= one.most), None)
        if found is None:
            spent += count * costs.eager(shape)
            continue
        hits, rows = hits + count, rows + count * shape.batch
        padded += count * (found.most - shape.batch)
        spent += count * costs.replayed(Shape(found.most, found.length))
        used[found.most] = used.get(found.most, 0) + count
    total = sum(seen.values())
    common = sorted(used, key=lambda size: -used[size])[:MOST_PREFERRED]
    preferred = tuple(sorted(size for size in common if used[size] >= COMMON * total and size > 1))
    held = sum(costs.held(Shape(graph.most, graph.length)) for graph in ordered)
    return Planned(tuple(ordered), preferred, hits / total, padded / rows if rows else 0.0, 1 - spent / eager, held)


def _shifted(gains: Array, takes: int, gain: float) -> Array:
    """Return what could be saved with so much less memory, and this much more."""
    if takes > STEPS:
        return np.full(STEPS + 1, -np.inf)
    return np.concatenate([np.full(takes, -np.inf), gains[: STEPS + 1 - takes] + gain])


def _walked_back(
    seen: Mapping[Shape, int], walk: Sequence[tuple[list[Graph | None], Array]], costs: Costs, part: float
) -> list[Graph]:
    """Return the graphs by walking the choices back from the whole budget, size by size."""
    order = sorted(seen, key=lambda shape: (shape.length, shape.batch))
    graphs, place, left = [], len(walk) - 1, STEPS
    while place >= 0:
        choices, best = walk[place]
        graph = choices[int(best[left])]
        if graph is None:
            place -= 1
            continue
        graphs.append(graph)
        left -= int(np.ceil(costs.held(Shape(graph.most, graph.length)) / part))
        place = order.index(Shape(graph.least, graph.length)) - 1
    return graphs
