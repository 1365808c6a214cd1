"""What the simulation of the batcher is given: models one after another on one machine, and the requests that come."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from trireme.arrays import Array


class Chain(NamedTuple):
    """Models in the order in which a request meets them, an array each with a row a model."""

    service: Array
    """[model, kind, rows]: what a batch takes alone [us]."""
    preferred: Array
    """[model, rows]: whether the size is preferred."""
    cores: int
    shared: float
    """How fast a job runs while jobs ask for all cores, of its speed alone."""
    instances: Array
    threads: Array
    max_batch: Array
    delay: Array
    """How long the oldest request of a batch may wait for others [us]."""
    max_queue: Array
    """Requests that may wait; 0 for any number."""
    timeout: Array
    """How long a request may wait [us]; 0 for ever."""
    levels: Array
    """Priorities, of which 1 goes first."""
    shape: Array
    """[model, kind]: requests join only with those of the same number."""
    varies: Array
    """Whether the config leaves a size open: then the batcher looks at each request, else when there may be enough of them."""
    cold: Array
    """What a batch takes more on an instance that did nothing for long [us]: its weights are no longer in the caches."""
    cools: Array
    """How long an instance has to do nothing until a batch takes 1 - 1/e of that more [us]."""
    crowd: float
    """How many times as much of it while jobs ask for all cores: they share the memory too."""


class Requests(NamedTuple):
    """What arrives: when [us, in order], rows, kind and priority (from 1), a value a request.

    wait [model, request] is how long the batch that it is the first of waits for a core when others have them all [us].
    """

    arrival: Array
    rows: Array
    kind: Array
    priority: Array
    wait: Array
