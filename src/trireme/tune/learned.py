"""What measured points say of a unit's costs: how much more or less things took than they did when they were calibrated.

A calibration asks alone and again and again, and a shared machine may have been slow just then. Under other requests a batch
takes more for itself, because the caches were another's meanwhile, and it may take less or more for each row: both are told by
how long the batches of each size took. What a call takes around its models is told by the median latency.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trireme.tune.search import Learned

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trireme.arrays import Array
    from trireme.tune.search import Setting, Simulation

STEPS = 3
"""Of the search for what explains the points: the simulation is not linear in it."""
DOUBT = 0.02
"""How little is believed that the points do not say: the square of a relative error that is as bad as as large a change."""
ENOUGH = 3
"""Batches of a size that say something."""
LEAST_AROUND, MOST_AROUND, HALVINGS = 0.2, 2.0, 6
"""Of what a call took around its models when calibrated, what it may take now; and how often what is between is halved."""


@dataclass(frozen=True)
class Seen:
    """What was measured at one point: so many requests at a rate, and model -> rows -> (batches, microseconds together).

    p50 is the median latency [ms]; infinite where it says for how long was measured.
    """

    setting: Setting
    rate: float
    count: int
    batches: Mapping[str, Mapping[int, tuple[int, float]]]
    p50: float = math.inf


def learn(simulation: Simulation, seen: Sequence[Seen]) -> Learned:
    """Return how long things took at some points."""
    found = more(simulation, seen)
    return Learned(found, _around(simulation, [one for one in seen if one.p50 < math.inf], found))


def _around(simulation: Simulation, seen: Sequence[Seen], found: Array) -> float:
    """Return how many times as long a call took around its models, by the middle one of the median latencies."""
    if not seen:
        return 1.0
    low, high = LEAST_AROUND, MOST_AROUND
    for _ in range(HALVINGS):
        around = math.sqrt(low * high)
        learned = Learned(found, around)
        times = [simulation.at(one.setting, one.rate, one.count, learned).p50 / one.p50 for one in seen]
        low, high = (low, around) if statistics.median(times) > 1 else (around, high)
    return math.sqrt(low * high)


def more(simulation: Simulation, seen: Sequence[Seen]) -> Array:
    """Return [model, (first, every)]: what batches took more at some points than calibrated.

    `first` is in times of what a row takes alone, `every` in times of what the batch itself takes.
    """
    found = np.zeros((len(simulation.stages), 2))
    for _ in range(STEPS):
        ran = [simulation.ran(one.setting, one.rate, one.count, Learned(found)) for one in seen]
        step = np.zeros_like(found)
        for place, stage in enumerate(simulation.stages):
            rows = [
                _errors(simulation, place, one, batches[1 + place], took[1 + place], one.batches[stage.name])
                for one, (_, batches, took) in zip(seen, ran, strict=True)
            ]
            step[place] = _least(np.concatenate(rows), found[place], DOUBT * len(seen))
        found += step
    return found


def _errors(  # noqa: PLR0913, PLR0917 - one point of one model
    simulation: Simulation,
    place: int,
    one: Seen,
    batches: Array,
    took: Array,
    measured: Mapping[int, tuple[int, float]],
) -> Array:
    """Return rows of [by first, by every, error], each relative to what was simulated, sizes by the time that they took."""
    table = simulation.service(place, one.setting[simulation.stages[place].name].threads).mean(axis=0)
    spent = sum(time for _, time in measured.values())
    rows = [np.zeros(3)]
    for size, (count, time) in measured.items():
        if count >= ENOUGH and batches[size] >= ENOUGH:
            simulated = took[size] / batches[size]
            row = np.array([table[1], table[size], time / count - simulated])
            rows.append(math.sqrt(time / spent) * row / simulated)
    return np.array(rows)


def _least(rows: Array, found: Array, doubt: float) -> Array:
    """Return the change that leaves the least error, where as much of it as is not needed goes back to nothing."""
    left = np.vstack([rows[:, :2], math.sqrt(doubt) * np.eye(2)])
    right = np.concatenate([rows[:, 2], -math.sqrt(doubt) * found])
    change: Array = np.linalg.lstsq(left, right, rcond=None)[0]
    return change
