"""A day of a deployment in a second: requests queue at replicas, Prometheus scrapes, the autoscaler looks, pods come and go.

A replica is a server that answers one request after the other, as fast as the measured one does when it is full: batches and
instances are in that number; times vary by half of their mean. A request goes to the better of two replicas drawn, as the
gateway sends it. What Triton's counters say is what finished; the gauge says what waits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from trireme.scaling.hpa import SYNC, Scaler

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from trireme.arrays import Array
    from trireme.scaling.hpa import Rule

WINDOW = 60
"""Seconds of the metrics' rate()."""
SCRAPE = 10
"""Seconds between two looks at the gauge, of which the rules take the most in the window."""
LAG = 15
"""Seconds until the autoscaler sees what happened: a scrape, and the rules over it."""
WAITING, PENDING, BUSY = "triton_requests_waiting", "triton_requests_pending", "triton_busy"
NAIVE = "queue_duration_counter"
"""The raw counter, in seconds: what charts in the field scale on."""


@dataclass(frozen=True)
class Replica:
    """One pod: how many requests it answers a second when it is full, what a lone one takes, when a new one serves [s]."""

    capacity: float
    latency: float
    cold_start: float


@dataclass(frozen=True)
class Run:
    """What became of a trace under a rule: a value a second, and a value a request."""

    rule: Rule
    slo: float
    rate: Array
    replicas: Array
    serving: Array
    queue: Array
    misses: Array
    latency: Array
    away: tuple[int, int] | None = None
    """When Prometheus could not be asked [s]."""

    @property
    def replica_hours(self) -> float:
        """Return what it costs: pods that were there, whether they served yet or not."""
        return float(self.replicas.sum()) / 3600

    @property
    def missed(self) -> float:
        """Return the share of requests that took longer than the goal."""
        return float(np.mean(self.latency > self.slo)) if len(self.latency) else 0.0

    @property
    def p99(self) -> float:
        """Return the 99th percentile of latency [s]."""
        return float(np.percentile(self.latency, 99)) if len(self.latency) else 0.0


@dataclass
class _Pods:
    """Pods by when they serve; the newest goes first when there are too many."""

    serves: list[float] = field(default_factory=list)

    def resize(self, number: int, now: float, cold_start: float) -> None:
        while len(self.serves) < number:
            self.serves.append(now + cold_start)
        self.serves = sorted(self.serves)[:number]

    def ready(self, now: float) -> int:
        return sum(1 for moment in self.serves if moment <= now)


def run(
    arrivals: Array,
    seconds: int,
    rule: Rule,
    replica: Replica,
    *,
    slo: float,
    away: tuple[int, int] | None = None,
    fallback: Callable[[int], int] | None = None,
) -> Run:
    """Return what becomes of requests that arrive [s] under a rule; slo is in seconds.

    While Prometheus is away (from, to [s]) the autoscaler sees nothing, or takes what fallback makes of its replicas.
    """
    pods, scaler = _Pods(), Scaler(rule, rule.least)
    pods.resize(rule.least, 0, 0)
    edges = np.searchsorted(arrivals, np.arange(seconds + 1))
    state = _State(
        np.zeros(rule.most), np.empty(len(arrivals)), np.zeros((2, seconds + 1)), np.zeros(seconds + 1, dtype=np.int64)
    )
    rows = np.zeros((2, seconds), dtype=int)
    for now in range(seconds):
        if now % SYNC == 0 and now:
            blind = away is not None and away[0] <= now < away[1]
            seen = dict.fromkeys(rule.targets) if blind else _seen(state, edges, now)
            number = scaler.look(now, seen)
            if blind and fallback is not None:
                number = scaler.replicas = min(max(fallback(number), rule.least), rule.most)
            pods.resize(number, now, replica.cold_start)
        rows[:, now] = len(pods.serves), pods.ready(now)
        _serve(arrivals, edges[now], edges[now + 1], max(pods.ready(now), 1), 1 / replica.capacity, *state)
    latency = state.starts - arrivals + replica.latency
    bins = np.minimum(arrivals.astype(np.int64), seconds - 1)
    misses = np.bincount(bins[latency > slo], minlength=seconds)
    queue = edges[1:] - np.cumsum(state.started)[:seconds]
    return Run(rule, slo, np.diff(edges), rows[0], rows[1], queue, misses, latency, away)


class _State(NamedTuple):
    """When each replica is free and each request began; by the second, what finished had waited and took, and beginnings."""

    free: Array
    starts: Array
    finished: Array
    started: Array


@njit(cache=True)  # type: ignore[untyped-decorator]
def _serve(
    arrivals: Array,
    first: int,
    last: int,
    ready: int,
    service: float,
    free: Array,
    starts: Array,
    finished: Array,
    started: Array,
) -> None:
    """Give each request of a second to the replica that is free sooner, of two that are drawn."""
    end = len(started) - 1
    np.random.seed(first)  # noqa: NPY002 - numba's own generator
    for number in range(first, last):
        best, other = np.random.randint(ready), np.random.randint(ready)  # noqa: NPY002
        if free[other] < free[best]:
            best = other
        start = max(arrivals[number], free[best])
        took = service * np.random.uniform(0.5, 1.5)  # noqa: NPY002
        free[best] = start + took
        starts[number] = start
        started[min(int(start), end)] += 1
        second = min(int(free[best]), end)
        finished[0, second] += start - arrivals[number]
        finished[1, second] += took


def _seen(state: _State, edges: Array, now: int) -> Mapping[str, float | None]:
    """Return what each metric totals over all pods, as Prometheus has it by now."""
    then = max(now - LAG, 0)
    since = max(then - WINDOW, 0)
    begun = int(state.started[:since].sum())
    begun_by = begun + np.cumsum(state.started[since:then])
    scrapes = np.arange(since, then, SCRAPE)
    pending = max((int(edges[at + 1] - begun_by[at - since]) for at in scrapes), default=0)
    return {
        WAITING: float(state.finished[0, since:then].sum()) / max(then - since, 1),
        BUSY: float(state.finished[1, since:then].sum()) / max(then - since, 1),
        PENDING: float(pending),
        NAIVE: float(state.finished[0, :then].sum()),
    }
