"""The tuner against an exhaustive grid of measured settings, on the repository's three heaviest models.

The tuner sees the machine first, with its ten points. Then every setting of the grid is measured at rising rates until it
misses the goal. The grid's best and the tuner's choice climb once more, in alternation, for their ratio; the simulation is
compared with every point that was measured and did not drown.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from rich.console import Console

from trireme.machine import Machine
from trireme.plan import TREE
from trireme.tune import learned, run
from trireme.tune.knobs import Knobs
from trireme.tune.live import Live
from trireme.tune.show import Show
from trireme.tune.verify import DROWNED, Verifier, str_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trireme.discover import Sources
    from trireme.tune.learned import Seen
    from trireme.tune.search import Setting, Simulation
    from trireme.tune.verify import Measured

    Row = tuple[str, str, str, str]

UNITS = (("shape_detector", 50.0), ("text_encoder", 50.0), ("text_embedder", 150.0))
"""With the p99 goal of each [ms]."""
PREFERRED, DELAYS = ((1,), (4,), (8,), (16,)), (0, 2000)
LADDER = (0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3)
"""Of the tuner's throughput, the rates that a setting of the grid climbs."""
FINE = (0.8, 0.86, 0.92, 0.98, 1.04, 1.1)
"""The rates of the last climb."""
ROUNDS = 3
SECONDS = 12.0
"""Of a point: in 4 s, a few slow moments decide its p99 (half a point was 11 to 25 % off the other half)."""


def measure(sources: Sources, *, quick: bool) -> Iterator[Row]:
    """Yield the rows of each model."""
    for unit, goal in UNITS[:1] if quick else UNITS:
        yield from _measure(sources, unit, goal, quick=quick)


def _measure(sources: Sources, unit: str, goal: float, *, quick: bool) -> list[Row]:
    machine, asked = Machine.here(), run.Asked(unit, goal, "proof")
    console = Console()
    with Live(sources.root / TREE, unit, sources.root / run.LOG) as live, Show(console) as show:
        simulation = run.calibrate(live, sources, asked, machine, show)
        tuned = run.choose(live, simulation, asked, machine, show)
        verifier = Verifier(live, simulation, goal, seconds=1.0 if quick else SECONDS)
        base = tuned.chosen.point.throughput
        for setting in list(_grid(unit))[: 2 if quick else None]:
            held = climb(verifier, setting, [base * share for share in LADDER])
            console.print(f"  {str_of(setting)}: {held:.0f}/s")
        best = verifier.best() or tuned.chosen
        ratios = []
        for _ in range(1 if quick else ROUNDS):
            rates = [best.point.throughput * share for share in FINE]
            ours, theirs = (climb(verifier, setting, rates) for setting in (tuned.chosen.setting, best.setting))
            if theirs:  # a climb that held nothing says that the machine was busy
                ratios.append(ours / theirs)
        return _rows(unit, tuned, best, ratios, verifier.points, simulation)


def climb(verifier: Verifier, setting: Setting, rates: Sequence[float]) -> float:
    """Return the highest throughput at which a setting keeps the goal, rate by rate, until it misses it twice; 0 for none."""
    held, missed = 0.0, 0
    for rate in rates:
        found = verifier.measure(setting, rate)
        held = max(held, found.point.throughput if found.held else 0.0)
        missed += not found.held
        if missed == 2:  # noqa: PLR2004 - once may be the machine
            break
    return held


def _grid(unit: str) -> Iterator[Setting]:
    for instances in (1, 2):
        for preferred in PREFERRED:
            for delay in DELAYS if preferred != (1,) else (0,):
                yield {unit: Knobs(instances, 0 if unit == "text_embedder" else 1, preferred, delay)}


def _rows(  # noqa: PLR0913, PLR0917 - all that was found
    unit: str,
    tuned: run.Tuned,
    best: Measured,
    ratios: Sequence[float],
    points: Sequence[Measured],
    simulation: Simulation,
) -> list[Row]:
    counted = [one for one in points if one.point.kept]
    drowned = [[p99 > DROWNED * tuned.asked.goal for p99 in (one.point.p99, one.expected.p99)] for one in counted]
    alive = [one for one, both in zip(counted, drowned, strict=True) if not any(both)]
    apart = sum(measured != simulated for measured, simulated in drowned)
    p99 = [abs(one.expected.p99 / one.point.p99 - 1) for one in alive]
    alone = [abs(_at_its_own_costs(simulation, one.seen) / one.point.p99 - 1) for one in alive if one.seen]
    halves = [abs(one.point.halves - 1) for one in alive]
    p50 = [abs(one.expected.p50 / one.point.p50 - 1) for one in alive]
    throughput = [abs(one.expected.throughput / one.point.throughput - 1) for one in alive]
    measured = f"the tuner measured {len(tuned.points)} points"
    spread = f"{min(ratios, default=0):.2f} to {max(ratios, default=0):.2f} in {len(ratios)} pairs; {measured}"
    return [
        (f"{unit}: tuned", str_of(tuned.chosen.setting), f"{tuned.chosen.point.throughput:.0f}/s", ""),
        (f"{unit}: best of the grid", str_of(best.setting), f"{best.point.throughput:.0f}/s", ""),
        (f"{unit}: tuned / best of the grid", f"{statistics.median(ratios or [0]):.2f}", spread, ">= 0.95"),
        (f"{unit}: drowned by one account alone", f"{apart} of {len(counted)} points", "", ""),
        (f"{unit}: simulated p50, median error", f"{statistics.median(p50):.0%}", _spread(p50), ""),
        (f"{unit}: simulated p99, median error", f"{statistics.median(p99):.0%}", _spread(p99), "<= 15 %"),
        (f"{unit}: alone, with what things took in that run", f"{statistics.median(alone):.0%}", _spread(alone), ""),
        (f"{unit}: measured p99 against itself, median error", *_repeated(alive), ""),
        (f"{unit}: measured p99 of one half of a point by the other", f"{statistics.median(halves):.0%}", _spread(halves), ""),
        (f"{unit}: simulated throughput, median error", f"{statistics.median(throughput):.1%}", _spread(throughput), "<= 15 %"),
    ]


def _at_its_own_costs(simulation: Simulation, seen: Seen) -> float:
    """Return p99 [ms] of a point as it would be simulated by who knew how long batches, and half of the calls, would take."""
    return simulation.at(seen.setting, seen.rate, seen.count, learned.learn(simulation, [seen])).bare


def _repeated(points: Sequence[Measured]) -> tuple[str, str]:
    """Return how far p99 of a setting at a rate is from its median over several measurements: no simulation can beat it."""
    groups: dict[tuple[str, int], list[float]] = {}
    for one in points:
        groups.setdefault((str_of(one.setting), round(one.point.offered / 5)), []).append(one.point.p99)
    errors = [abs(p99 / statistics.median(rows) - 1) for rows in groups.values() if len(rows) > 1 for p99 in rows]
    if len(errors) < 2:  # noqa: PLR2004 - quantiles want two
        return "none twice", ""
    return f"{statistics.median(errors):.0%}", _spread(errors)


def _spread(errors: Sequence[float]) -> str:
    low, _, high = statistics.quantiles(errors, n=4)
    return f"half of {len(errors)} points within {low:.0%} to {high:.0%}"
