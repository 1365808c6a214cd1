"""Triton's dynamic batcher as a discrete-event simulation: a chain of models that share the cores of one machine.

The rules by which requests join are those of `DynamicBatchScheduler::GetDynamicBatch`
(https://github.com/triton-inference-server/core/blob/r24.10/src/dynamic_batch_scheduler.cc). What runs shares the cores: a job
of t threads asks for t of them, and when more is asked for than there is, all go slower by the same factor.

Compiled by numba, because a search runs it a hundred thousand times. Times are in microseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from trireme.arrays import Array

NEVER = np.inf
WAITING, REJECTED = np.inf, -1.0
"""What `done` holds for a request that is not answered (at the end of the run), and for one that Triton refused."""


class Chain(NamedTuple):
    """Models in the order in which a request meets them, an array each with a row a model.

    service[stage, kind, rows] is what a batch takes alone [us]; preferred[stage, rows] says whether a size is preferred;
    speed[c] is how fast a job runs while jobs on the machine ask for c cores.
    """

    service: Array
    preferred: Array
    speed: Array
    instances: Array
    threads: Array
    max_batch: Array
    delay: Array
    """Of the oldest request, until which a batch may wait to grow [us]."""
    max_queue: Array
    """Requests that may wait; 0 for any number."""
    timeout: Array
    """How long a request may wait [us]; 0 for ever."""
    levels: Array
    """Priorities, of which 1 goes first."""
    shape: Array
    """[stage, kind]: requests join only with those of the same number."""


class Requests(NamedTuple):
    """What arrives: times [us] in order; rows, kind (which shape) and priority (from 1) of each; a factor on its service."""

    arrival: Array
    rows: Array
    kind: Array
    priority: Array
    noise: Array


@njit(cache=True, nogil=True)
def run(chain: Chain, requests: Requests) -> Any:  # noqa: ANN401, PLR0915, C901, PLR0912 - one loop of a compiled simulation
    """Return when each request is answered [us], and how many batches of each size each model ran [stage, rows]."""
    count, stages = len(requests.arrival), len(chain.instances)
    slots = int(chain.instances.max())
    levels = int(chain.levels.max())
    done = np.full(count, np.inf)
    batches = np.zeros(chain.preferred.shape, np.int64)
    queue = np.zeros((stages, levels, count), np.int64)
    head = np.zeros((stages, levels), np.int64)
    tail = np.zeros((stages, levels), np.int64)
    entered = np.zeros((stages, count))
    left = np.zeros((stages, slots))
    member = np.zeros((stages, slots, int(chain.max_batch.max())), np.int64)
    members = np.zeros((stages, slots), np.int64)
    now, coming, asked = 0.0, 0, 0
    while True:
        wake = np.inf
        for stage in range(stages):
            while True:
                slot = _free(members, stage, int(chain.instances[stage]))
                if slot < 0:
                    break
                taken, later = _form(chain, requests, queue, head, tail, entered, stage, now, member[stage, slot], done)
                if taken == 0:
                    wake = min(wake, later)
                    break
                rows = 0
                for number in range(taken):
                    rows += requests.rows[member[stage, slot, number]]
                first = member[stage, slot, 0]
                left[stage, slot] = chain.service[stage, requests.kind[first], rows] * requests.noise[first]
                members[stage, slot] = taken
                batches[stage, rows] += 1
                asked += chain.threads[stage]
        speed = chain.speed[min(asked, len(chain.speed) - 1)]
        until = wake
        if coming < count:
            until = min(until, requests.arrival[coming])
        for stage in range(stages):
            for slot in range(int(chain.instances[stage])):
                if members[stage, slot]:
                    until = min(until, now + left[stage, slot] / speed)
        if until == np.inf:
            return done, batches
        passed = (until - now) * speed
        now = until
        for stage in range(stages):
            for slot in range(int(chain.instances[stage])):
                if members[stage, slot] == 0:
                    continue
                left[stage, slot] -= passed
                if left[stage, slot] > 1e-6:  # noqa: PLR2004 - less than a picosecond is rounding
                    continue
                for number in range(members[stage, slot]):
                    one = member[stage, slot, number]
                    if stage + 1 < stages:
                        _enter(chain, requests, queue, head, tail, entered, stage + 1, now, one, done)
                    else:
                        done[one] = now
                members[stage, slot] = 0
                asked -= chain.threads[stage]
        while coming < count and requests.arrival[coming] <= now:
            _enter(chain, requests, queue, head, tail, entered, 0, now, coming, done)
            coming += 1


@njit(cache=True, nogil=True)
def _free(members: Any, stage: int, instances: int) -> int:  # noqa: ANN401 - compiled
    """Return an instance that runs nothing, or -1."""
    for slot in range(instances):
        if members[stage, slot] == 0:
            return slot
    return -1


@njit(cache=True, nogil=True)
def _enter(  # noqa: PLR0913, PLR0917 - the state of the run
    chain: Any, requests: Any, queue: Any, head: Any, tail: Any, entered: Any, stage: int, now: float, one: int, done: Any  # noqa: ANN401
) -> None:  # fmt: skip
    """Put a request into a model's queue, or refuse it where that is full."""
    waiting = 0
    for level in range(int(chain.levels[stage])):
        waiting += tail[stage, level] - head[stage, level]
    if chain.max_queue[stage] and waiting >= chain.max_queue[stage]:
        done[one] = REJECTED
        return
    level = min(int(requests.priority[one]), int(chain.levels[stage])) - 1
    queue[stage, level, tail[stage, level]] = one
    tail[stage, level] += 1
    entered[stage, one] = now


@njit(cache=True, nogil=True)
def _form(  # noqa: PLR0913, PLR0917, C901, PLR0912 - see above
    chain: Any, requests: Any, queue: Any, head: Any, tail: Any, entered: Any, stage: int, now: float, out: Any, done: Any  # noqa: ANN401
) -> Any:  # noqa: ANN401  # fmt: skip
    """Take the next batch out of a model's queue: how many requests, and when to look again when it still waits."""
    most, longest = int(chain.max_batch[stage]), int(chain.max_batch[stage])
    while longest > 0 and not chain.preferred[stage, longest]:
        longest -= 1
    taken, rows, best, best_rows, full = 0, 0, 0, 0, False
    oldest = np.inf
    for level in range(int(chain.levels[stage])):
        place = head[stage, level]
        while place < tail[stage, level] and not full:
            one = queue[stage, level, place]
            if chain.timeout[stage] > 0 and now - entered[stage, one] > chain.timeout[stage]:
                done[one] = REJECTED
                for number in range(place, head[stage, level], -1):
                    queue[stage, level, number] = queue[stage, level, number - 1]
                head[stage, level] += 1
                place += 1
                continue
            if taken:
                if rows + requests.rows[one] > longest and best == 0:
                    best, best_rows = taken, rows
                other = chain.shape[stage, requests.kind[one]] != chain.shape[stage, requests.kind[out[0]]]
                if rows + requests.rows[one] > most or other:
                    full = True
                    break
            out[taken] = one
            taken += 1
            rows += requests.rows[one]
            oldest = min(oldest, entered[stage, one])
            if chain.preferred[stage, rows]:
                best, best_rows = taken, rows
            place += 1
    if taken == 0:
        return 0, np.inf
    exceeded = chain.delay[stage] > 0 and now - oldest >= chain.delay[stage] - 1e-6
    if best and not exceeded:
        taken, rows = best, best_rows
    elif not (full or rows >= longest or exceeded or chain.delay[stage] == 0):
        return 0, oldest + chain.delay[stage]
    gone = taken
    for level in range(int(chain.levels[stage])):
        step = min(gone, tail[stage, level] - head[stage, level])
        head[stage, level] += step
        gone -= step
    return taken, np.inf
