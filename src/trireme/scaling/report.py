"""Rules compared over traces: a table, and the cheapest that holds the goal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from trireme.scaling import rules
from trireme.scaling.simulate import run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trireme.scaling.hpa import Rule
    from trireme.scaling.simulate import Replica, Run
    from trireme.scaling.trace import Trace

GOAL = 0.01
"""The share of requests that may take longer than the goal."""
FALLBACK = 6
"""Replicas at least while Prometheus is away: KEDA's fallback in k8s/components/keda."""


def runs(  # noqa: PLR0913, PLR0917 - what a comparison is made of
    trace: Trace, replica: Replica, shipped: Rule, peak: float, slo: float, away: tuple[int, int] | None = None
) -> list[Run]:
    """Return what becomes of a trace under the rule that ships, the naive one, and as many replicas as the peak needs."""
    arrivals = trace.arrivals(peak)
    needed = min(math.ceil(peak / replica.capacity / 0.8), shipped.most)
    compared = (shipped, rules.naive(shipped), rules.fixed(shipped, needed))
    return [
        run(arrivals, trace.seconds, rule, replica, slo=slo, away=away, fallback=lambda number: max(number, FALLBACK))
        for rule in compared
    ]


def lines(trace: Trace, found: Sequence[Run]) -> Iterator[str]:
    """Yield a table: a rule a row."""
    yield f"{trace.name}: {len(found[0].latency):,} requests in {trace.seconds / 60:.0f} minutes"
    yield f"  {'rule':22} {'replica-hours':>13} {'most':>5} {'p99':>10} {'over the goal':>14}"
    for one in found:
        yield (
            f"  {one.rule.name:22} {one.replica_hours:>13.1f} {one.replicas.max():>5} {_time(one.p99):>10} {one.missed:>14.2%}"
        )


def searched(traces: Sequence[Trace], replica: Replica, shipped: Rule, peak: float, slo: float) -> Iterator[str]:
    """Yield a table of rules around the one that ships, over all traces together, and name the cheapest that holds the goal."""
    yield f"{'rule':38} {'replica-hours':>13} {'over the goal':>13}   {' '.join(f'{trace.name:>9}' for trace in traces)}"
    drawn = [(trace, trace.arrivals(peak)) for trace in traces]
    best: tuple[float, str] = (math.inf, "")
    for rule in (shipped, *rules.around(shipped)):
        rows = [run(arrivals, trace.seconds, rule, replica, slo=slo) for trace, arrivals in drawn]
        hours, requests = sum(row.replica_hours for row in rows), sum(len(row.latency) for row in rows)
        missed = sum(row.missed * len(row.latency) for row in rows) / requests
        each = " ".join(f"{row.missed:>9.2%}" for row in rows)
        yield f"{rule.name:38} {hours:>13.1f} {missed:>13.2%}   {each}"
        if missed <= GOAL and hours < best[0]:
            best = hours, rule.name
    yield (
        f"cheapest that keeps all but {GOAL:.0%}: {best[1]}" if best[1] else f"none keeps all but {GOAL:.0%}: raise maxReplicas"
    )


def _time(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms" if seconds < 10 else f"{seconds:.0f} s"  # noqa: PLR2004 - as people say it
