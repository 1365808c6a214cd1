"""Lengths to pad to: a few edges, chosen from the lengths that really come, so that the least work is spent on padding.

Few edges let more requests join and fit CUDA graphs; many pad less. For each number of edges there is one best choice, found by
dynamic programming over the lengths that were seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trireme.arrays import Array


@dataclass(frozen=True)
class Buckets:
    """Edges in order, the last at least the longest length; padded and work are shares above what no padding would take.

    padded is of tokens, work is of what tokens cost.
    """

    edges: tuple[int, ...]
    padded: float
    work: float


def best(lengths: Sequence[int], most: int, cost: Callable[[Array], Array] | None = None, last: int = 0) -> list[Buckets]:
    """Return the best edges for 1 to `most` of them, fewest first; the last edge is at least `last`, for texts yet to come.

    cost gives the time of one row of each length; without one, a token costs as much as any other.

    Raises:
        ValueError: there are no lengths, or one is below 1.

    """
    seen, counts = np.unique(np.asarray(lengths, np.int64), return_counts=True)
    if not len(seen) or seen[0] < 1:
        message = "lengths are one or more whole numbers from 1"
        raise ValueError(message)
    if last > seen[-1]:  # it holds what may come: no text of those seen has to be padded to it
        seen, counts = np.append(seen, last), np.append(counts, 0)
    price = np.asarray((cost or _as_tokens)(seen), float)
    cumulated = np.concatenate([[0], np.cumsum(counts)])
    found = []
    total = np.full(len(seen) + 1, np.inf)
    total[0] = 0.0
    chosen: list[Array] = []
    for _ in range(min(most, len(seen))):
        # total[j]: the least work for the first j lengths so far; one more edge covers lengths i+1 to j at the price of j
        spent = total[:, None] + (cumulated[None, 1:] - cumulated[:, None]) * price[None, :]
        spent[np.tril_indices(len(seen) + 1, -1, len(seen))] = np.inf
        chosen.append(spent.argmin(axis=0))
        total = np.concatenate([[0.0], spent.min(axis=0)])
        found.append(score(lengths, _edges(chosen, seen), cost))
    return found


def score(lengths: Sequence[int], edges: Sequence[int], cost: Callable[[Array], Array] | None = None) -> Buckets:
    """Return what given edges pad and cost; a length beyond the last is cut to it."""
    whole = np.minimum(np.asarray(lengths, np.int64), max(edges))
    padded = np.asarray(sorted(edges))[np.searchsorted(sorted(edges), whole)]
    price = cost or _as_tokens
    work = float(np.sum(price(padded)) / np.sum(price(whole)) - 1)
    return Buckets(tuple(sorted(edges)), float(padded.sum() / whole.sum() - 1), work)


def _edges(chosen: Sequence[Array], seen: Array) -> list[int]:
    """Return the edges by walking the choices back from the longest length."""
    edges, place = [], len(seen)
    for choice in reversed(chosen):
        edges.append(int(seen[place - 1]))
        place = int(choice[place - 1])
        if place == 0:
            break
    return sorted(edges)


def _as_tokens(lengths: Array) -> Array:
    return lengths.astype(float)
