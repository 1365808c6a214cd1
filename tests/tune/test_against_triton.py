"""The simulation and the real server make the same batches of the same arrivals."""

import numpy as np
import pytest

from trireme.tune import openloop
from trireme.tune.batcher import run
from trireme.tune.chain import Chain, Requests
from trireme.tune.knobs import Knobs
from trireme.tune.live import Stage

pytestmark = pytest.mark.alone

MOST = 8
BURST = tuple(0.0043 * number for number in range(14))
BESIDE = (0.0, 500.0, 1000.0, 2000.0)
"""Microseconds between one batch and the next that Triton does not count as the batch's, from least to most."""
PAIRS = (0.0, 0.006, 0.045, 0.051, 0.057, 0.130, 0.136)


def simulated(knobs, arrivals, first):
    """How many batches of each size; the sleeper takes first [us] and a millisecond for each row."""
    service = np.zeros((1, 1, MOST + 1))
    service[0, 0] = first + 1000.0 * np.arange(MOST + 1)
    preferred = np.zeros((1, MOST + 1), bool)
    preferred[0, list(knobs.preferred)] = True
    one = np.ones(1, np.int64)
    chain = Chain(
        service, preferred, 64, 1.0, one * knobs.instances, one, one * MOST, one * float(knobs.delay),
        0 * one, 0.0 * one, one, np.zeros((1, 1), np.int64), 0 * one, 0.0 * one, 1.0 * one, 1.0,
    )  # fmt: skip
    each = np.ones(len(arrivals), np.int64)
    none = np.zeros((1, len(each)))
    batches = run(chain, Requests(np.array(arrivals) * 1e6, each, 0 * each, each, none)).batches
    return {size: int(count) for size, count in enumerate(batches[0]) if count}


def measured(live, knobs, arrivals):
    """How many batches of each size, and what they took beyond a millisecond for each row [us], on the mean."""
    stage = Stage("sleeper", live.config, tuple(live.samples))
    live.load({"sleeper": knobs})
    request = openloop.request("sleeper", live.samples[0])
    openloop.offer(live.http, [request], np.zeros(5, int), np.arange(5) * 0.05)  # so that everything is warm
    before = live.batch_stats(stage)
    openloop.offer(live.http, [request], np.zeros(len(arrivals), int), np.array(arrivals))
    ran = {}
    for size, (count, took) in live.batch_stats(stage).items():
        counted, spent = before.get(size, (0, 0))
        if count > counted:
            ran[size] = count - counted, took - spent
    counts = {size: count for size, (count, _) in ran.items()}
    slept = sum(took / 1e3 - 1000.0 * size * count for size, (count, took) in ran.items())
    return counts, slept / sum(counts.values())


@pytest.mark.parametrize(
    "knobs",
    [
        Knobs(1, 0, (1,), 0),
        Knobs(1, 0, (8,), 0),
        Knobs(1, 0, (4,), 0),
        Knobs(1, 0, (2, 8), 0),
        Knobs(1, 0, (8,), 20_000),
        Knobs(1, 0, (4,), 20_000),
        Knobs(2, 0, (4,), 0),
    ],
    ids=str,
)
@pytest.mark.parametrize("arrivals", [BURST, PAIRS], ids=["burst", "pairs"])
def test_the_batches_are_those_that_triton_makes(live, knobs, arrivals):
    for _ in range(15):  # on a busy machine a request may be late by more than the gaps between them
        found, first = measured(live, knobs, arrivals)
        expected = [simulated(knobs, arrivals, first + beside) for beside in BESIDE]
        if found in expected:
            break
    assert found in expected
