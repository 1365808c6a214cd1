"""Triton's dynamic batcher as a discrete-event simulation: a chain of models that share the cores of one machine.

Requests wait in a queue by priority; from there the batcher puts them into payloads, of which twice as many as there are
instances may stand ready, and of which the last one may still grow; an instance takes the first. When which of this happens is
as in https://github.com/triton-inference-server/core/blob/r24.10/src/dynamic_batch_scheduler.cc (GetDynamicBatch) and, beside
it, rate_limiter.cc (PayloadSlotAvailable) and instance_queue.cc (Dequeue, which merges payloads that are older than the delay).

What runs shares the cores: a job of t threads asks for t of them, and when more are asked for than there are, all go slower by
the same factor. Compiled by numba, because a search runs this ten thousand times. Times are in microseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
from numba import njit

from trireme.tune.chain import Chain, Requests  # noqa: TC001 - what numba compiled and kept before names them by this module

if TYPE_CHECKING:
    from collections.abc import Callable

    from trireme.arrays import Array

F = TypeVar("F", bound="Callable[..., Any]")
REJECTED = -1.0
"""What stands in `done` for a request that Triton refused: its queue was full, or it waited for too long."""
NEVER = float("inf")
ROUNDING, EPSILON = 1e-6, 1e-14
"""Microseconds below which two moments are one, and the same of the time that passed: a long run has coarser moments."""


def compiled(function: F) -> F:
    """Compile a function that makes no arrays: without counting references to them, which took nine tenths of the time."""
    made: F = njit(cache=True, nogil=True, _nrt=False)(function)
    return made


class _State(NamedTuple):
    """Everything that changes, a row a model."""

    queue: Array
    head: Array
    tail: Array
    entered: Array
    payload: Array
    """[model, slot, place]: the requests of each payload; held and rows how many, oldest when the first of them came."""
    held: Array
    rows: Array
    oldest: Array
    mixed: Array
    """Whether the next request had another shape, so that the payload is not merged with."""
    ready: Array
    """[model, place]: the payloads that wait for an instance, the first first; waiting says how many."""
    waiting: Array
    current: Array
    """The payload that grows, or -1; full says that it grows no more."""
    full: Array
    asleep: Array
    """Whether the batcher looks again only when it is woken, or at `timer`; enough is the rows that wake it."""
    timer: Array
    enough: Array
    running: Array
    """[model, instance, place]: the requests that it runs; members says how many, left the work that is left [us]."""
    members: Array
    left: Array
    woken: Array
    """[model, instance]: when its batch got a core; begun when it was given it, and ended when its last one ended."""
    begun: Array
    ended: Array
    size: Array
    """[model, instance]: the rows of its batch."""
    done: Array
    batches: Array
    took: Array


class Ran(NamedTuple):
    """What became of the requests."""

    done: Array
    """When each request is answered [us], REJECTED where it is not."""
    batches: Array
    """[model, rows]: how many batches had so many."""
    took: Array
    """[model, rows]: how long those took, together [us]."""


def run(chain: Chain, requests: Requests) -> Ran:
    """Serve the requests."""
    models, count = len(chain.instances), len(requests.arrival)
    most, slots = int(chain.max_batch.max()), 2 * int(chain.instances.max()) + 2
    levels, instances = int(chain.levels.max()), int(chain.instances.max())

    def whole(*shape: int) -> Array:
        return np.zeros((models, *shape), np.int64)

    state = _State(
        queue=whole(levels, count), head=whole(levels), tail=whole(levels), entered=np.zeros((models, count)),
        payload=whole(slots, most), held=whole(slots), rows=whole(slots), oldest=np.zeros((models, slots)),
        mixed=whole(slots), ready=whole(slots), waiting=whole(), current=whole() - 1, full=whole(),
        asleep=whole(), timer=np.full(models, NEVER), enough=whole(),
        running=whole(instances, most), members=whole(instances), left=np.zeros((models, instances)),
        woken=np.zeros((models, instances)), begun=np.zeros((models, instances)),
        ended=np.full((models, instances), -NEVER), size=whole(instances),
        done=np.full(count, np.inf), batches=np.zeros(chain.preferred.shape, np.int64), took=np.zeros(chain.preferred.shape),
    )  # fmt: skip
    _run(chain, requests, state)
    return Ran(state.done, state.batches, state.took)


@compiled
def _run(chain: Any, requests: Any, state: Any) -> None:  # noqa: ANN401 - compiled, for arrays
    """Go from event to event: an arrival, the end of a batch, or a delay that is over."""
    now, coming, asked = 0.0, 0, 0
    count, models = len(requests.arrival), len(chain.instances)
    while True:
        until = requests.arrival[coming] if coming < count else NEVER
        asked += _wake(chain, state, now, asked)
        for model in range(models):
            _batch(chain, requests, state, model, now)
            asked += chain.threads[model] * _start(chain, requests, state, model, now, asked)
            _batch(chain, requests, state, model, now)  # what was started made room
            until = min(until, state.timer[model])
        asked, least, woken = _running(chain, state, now)
        speed = _speed(chain, asked)
        until = min(until, now + least / speed, woken)
        if until == NEVER:
            return
        before, now, asked = now, until, 0
        for model in range(models):
            asked += chain.threads[model] * _progress(chain, requests, state, model, before, now, speed)
        while coming < count and requests.arrival[coming] <= now:
            _enter(chain, requests, state, 0, coming, now)
            coming += 1


@compiled
def _running(chain: Any, state: Any, now: float) -> Any:  # noqa: ANN401
    """Return the cores of batches that have theirs, the least work that one has left, and when the next gets a core."""
    asked, least, woken = 0, NEVER, NEVER
    for model in range(len(chain.instances)):
        for instance in range(chain.instances[model]):
            if not state.members[model, instance]:
                continue
            if state.woken[model, instance] > now:
                woken = min(woken, state.woken[model, instance])
            else:
                asked += chain.threads[model]
                least = min(least, state.left[model, instance])
    return asked, least, woken


@compiled
def _wake(chain: Any, state: Any, now: float, asked: int) -> int:  # noqa: ANN401
    """Give cores that nobody has to batches that wait for one, who waited longest first; return how many are given."""
    given = 0
    while asked + given < chain.cores:
        found, at, since = -1, -1, NEVER
        for model in range(len(chain.instances)):
            for instance in range(chain.instances[model]):
                waits = state.members[model, instance] and state.woken[model, instance] > now
                if waits and state.begun[model, instance] < since:
                    found, at, since = model, instance, state.begun[model, instance]
        if found < 0:
            break
        state.woken[found, at] = now
        given += chain.threads[found]
    return given


@compiled
def _speed(chain: Any, asked: int) -> float:  # noqa: ANN401
    """Return how fast jobs run that ask for so many cores together."""
    if asked <= 1:
        return 1.0
    if asked > chain.cores:
        return float(chain.shared * chain.cores / asked)
    return float(1.0 - (1.0 - chain.shared) * (asked - 1) / (chain.cores - 1))


@compiled
def _enter(chain: Any, requests: Any, state: Any, model: int, one: int, now: float) -> None:  # noqa: ANN401, PLR0913, PLR0917
    """Put a request into a model's queue, or refuse it where that is full."""
    waits, rows = 0, 0
    for level in range(chain.levels[model]):
        waits += state.tail[model, level] - state.head[model, level]
    if chain.max_queue[model] and waits >= chain.max_queue[model]:
        state.done[one] = REJECTED
        return
    level = min(requests.priority[one], chain.levels[model]) - 1
    state.queue[model, level, state.tail[model, level]] = one
    state.tail[model, level] += 1
    state.entered[model, one] = now
    for other in range(chain.levels[model]):
        for place in range(state.head[model, other], state.tail[model, other]):
            rows += requests.rows[state.queue[model, other, place]]
    if chain.varies[model] or state.full[model] or state.current[model] < 0 or rows >= state.enough[model]:
        state.asleep[model] = 0


@compiled
def _start(chain: Any, requests: Any, state: Any, model: int, now: float, asked: int) -> int:  # noqa: ANN401, PLR0913, PLR0917
    """Give ready payloads to free instances; return how many began."""
    begun = 0
    while state.waiting[model]:
        instance = _idle(state.members, state.ended, model, chain.instances[model])
        if instance < 0:
            break
        first = state.ready[model, 0]
        taken, rows = 0, 0
        while state.waiting[model]:
            slot = state.ready[model, 0]
            old = now - state.oldest[model, slot] > chain.delay[model] > 0
            fits = rows + state.rows[model, slot] <= chain.max_batch[model] and not state.mixed[model, slot]
            shape = chain.shape[model, requests.kind[state.payload[model, slot, 0]]]
            same = taken == 0 or shape == chain.shape[model, requests.kind[state.running[model, instance, 0]]]
            if taken and not (old and fits and same and not state.mixed[model, first]):
                break
            for place in range(state.held[model, slot]):
                state.running[model, instance, taken + place] = state.payload[model, slot, place]
            taken, rows = taken + state.held[model, slot], rows + state.rows[model, slot]
            state.held[model, slot] = 0
            state.waiting[model] -= 1
            for place in range(state.waiting[model]):
                state.ready[model, place] = state.ready[model, place + 1]
            if state.current[model] == slot:
                state.current[model], state.enough[model] = -1, 0
        state.members[model, instance] = taken
        one = state.running[model, instance, 0]
        cooled = 1.0 - np.exp((state.ended[model, instance] - now) / chain.cools[model])
        others = asked + begun * chain.threads[model]
        cooled *= 1.0 + (chain.crowd - 1.0) * min(others / max(chain.cores - 1, 1), 1.0)
        state.woken[model, instance] = now + (requests.wait[model, one] if others >= chain.cores else 0.0)
        state.left[model, instance] = chain.service[model, requests.kind[one], rows] + chain.cold[model] * cooled
        state.batches[model, rows] += 1
        state.begun[model, instance], state.size[model, instance] = now, rows
        begun += 1
        state.asleep[model] = 0
    return begun


@compiled
def _idle(members: Array, ended: Array, model: int, instances: int) -> int:
    """Return the instance that has done nothing for the longest, which is the one that Triton wakes; -1 when all are busy.

    It is called so often that handing over the whole state would cost as much as the rest of a start.
    """
    found, since = -1, NEVER
    for instance in range(instances):
        if not members[model, instance] and ended[model, instance] < since:
            found, since = instance, ended[model, instance]
    return found


@compiled
def _progress(chain: Any, requests: Any, state: Any, model: int, before: float, now: float, speed: float) -> int:  # noqa: ANN401, PLR0913, PLR0917
    """Go on with each batch; the requests of those that end go to the next model. Return how many go on."""
    running = 0
    for instance in range(chain.instances[model]):
        if not state.members[model, instance]:
            continue
        if state.woken[model, instance] <= before:
            state.left[model, instance] -= (now - before) * speed
        if state.woken[model, instance] > before or state.left[model, instance] > ROUNDING + now * EPSILON:
            running += state.woken[model, instance] <= now
            continue
        for place in range(state.members[model, instance]):
            one = state.running[model, instance, place]
            if model + 1 < len(chain.instances):
                _enter(chain, requests, state, model + 1, one, now)
            else:
                state.done[one] = now
        state.members[model, instance] = 0
        state.ended[model, instance] = now
        state.took[model, state.size[model, instance]] += now - state.begun[model, instance]
    return running


@compiled
def _batch(chain: Any, requests: Any, state: Any, model: int, now: float) -> None:  # noqa: ANN401
    """Put what waits into payloads, as long as there is room for one; then sleep."""
    if state.asleep[model] and now < state.timer[model] - ROUNDING - now * EPSILON:
        return
    state.asleep[model], state.timer[model] = 1, NEVER
    while state.waiting[model] < 2 * chain.instances[model]:
        if state.full[model]:
            state.current[model], state.full[model], state.enough[model] = -1, 0, 0
        taken, again = _choose(chain, requests, state, model, now)
        if taken:
            _move(chain, requests, state, model, taken)
        elif not state.full[model]:
            state.timer[model] = again
            return


@compiled
def _choose(chain: Any, requests: Any, state: Any, model: int, now: float) -> Any:  # noqa: ANN401, C901, PLR0912 - Triton's own rules
    """Return how many requests join the current payload now, and when to look again if none do."""
    slot, most = state.current[model], chain.max_batch[model]
    held = state.rows[model, slot] if slot >= 0 else 0
    shape = chain.shape[model, requests.kind[state.payload[model, slot, 0]]] if slot >= 0 else -1
    longest = most
    while longest > 0 and not chain.preferred[model, longest]:
        longest -= 1
    taken, rows, best, now_or_never, oldest = 0, 0, 0, False, np.inf
    for level in range(chain.levels[model]):
        place = state.head[model, level]
        while place < state.tail[model, level] and not now_or_never:
            one = state.queue[model, level, place]
            if chain.timeout[model] > 0 and now - state.entered[model, one] > chain.timeout[model]:
                state.done[one] = REJECTED
                for back in range(place, state.head[model, level], -1):
                    state.queue[model, level, back] = state.queue[model, level, back - 1]
                state.head[model, level] += 1
                place += 1
                continue
            size = requests.rows[one]
            if held + rows == 0:
                shape = chain.shape[model, requests.kind[one]]
            else:
                if held + rows + size > longest and best == 0:
                    best, state.full[model] = taken, 1
                if held + rows + size > most:
                    now_or_never = True
                    break
                if shape != chain.shape[model, requests.kind[one]]:
                    now_or_never = True
                    if slot >= 0:
                        state.mixed[model, slot] = 1
                    break
            taken, rows, place = taken + 1, rows + size, place + 1
            oldest = min(oldest, state.entered[model, one])
            if chain.preferred[model, held + rows]:
                best = taken
    exceeded = chain.delay[model] > 0 and now - oldest >= chain.delay[model] - ROUNDING - now * EPSILON
    if best and not exceeded:
        if chain.delay[model] == 0:
            state.full[model] = 1
        return best, np.inf
    if taken == 0:
        return 0, np.inf
    if now_or_never or held + rows >= longest:
        state.full[model] = 1
        return taken, np.inf
    next_size = held + rows + 1
    while next_size <= most and not chain.preferred[model, next_size]:
        next_size += 1
    grows = not state.full[model] and held and not chain.preferred[model, held]
    if exceeded or chain.delay[model] == 0 or grows:
        return taken, np.inf
    state.enough[model] = next_size - held
    return 0, oldest + chain.delay[model]


@compiled
def _move(chain: Any, requests: Any, state: Any, model: int, taken: int) -> None:  # noqa: ANN401
    """Move so many requests from the queue into the current payload; a new one is ready from now on."""
    slot = state.current[model]
    if slot < 0:
        slot = 0
        while state.held[model, slot]:
            slot += 1
        state.current[model] = slot
        state.rows[model, slot], state.mixed[model, slot], state.oldest[model, slot] = 0, 0, np.inf
        state.ready[model, state.waiting[model]] = slot
        state.waiting[model] += 1
    for level in range(chain.levels[model]):
        while taken and state.head[model, level] < state.tail[model, level]:
            one = state.queue[model, level, state.head[model, level]]
            state.head[model, level] += 1
            state.payload[model, slot, state.held[model, slot]] = one
            state.held[model, slot] += 1
            state.rows[model, slot] += requests.rows[one]
            state.oldest[model, slot] = min(state.oldest[model, slot], state.entered[model, one])
            taken -= 1
