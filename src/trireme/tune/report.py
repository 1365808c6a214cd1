"""A tuning as one HTML page: the frontier of throughput and latency, simulated against measured, and what was chosen."""

from __future__ import annotations

import html
import io
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from trireme.tune import edges
from trireme.tune.run import rejected
from trireme.tune.verify import str_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trireme.tune.run import Tuned
    from trireme.tune.search import Setting, Simulation

COLOURS = ("#1b6ca8", "#c8553d", "#588157", "#8d6a9f", "#444444")
LOADS = np.linspace(0.1, 1.0, 10)
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
table { border-collapse: collapse; width: 100% }
td, th { border-bottom: 1px solid #ddd; padding: .3rem .5rem; text-align: left }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums } .held { color: #2b6a2b } .not { color: #a33 }
svg { width: 100%; height: auto }
"""


def page(tuned: Tuned, simulation: Simulation) -> str:
    """Return the page, whole in itself."""
    unit, goal, chosen = tuned.asked.unit, tuned.asked.goal, tuned.chosen
    points = [
        (
            str_of(one.setting), f"{one.point.offered:.0f}", f"{one.point.throughput:.0f}", f"{one.expected.throughput:.0f}",
            f"{one.point.p99:.1f}", f"{one.expected.p99:.1f}", "yes" if one.held else "no" if one.missed else "does not count",
        )
        for one in tuned.points
    ]  # fmt: skip
    why = [(row["knobs"], row["why"]) for row in rejected(tuned)]
    way = " in one process" if tuned.together else ""
    way += f", where {edges.told(tuned.asked.lengths)}," if tuned.asked.lengths else ""
    heads = ("setting", "offered/s", "answered/s", "simulated", "p99 ms", "simulated", "keeps the goal")
    return f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>{unit}: tuned</title><style>{STYLE}</style>
<h1>{html.escape(unit)}</h1>
<p>Tuned on {html.escape(str(tuned.machine))}, for a p99 of {goal:g} ms or less under {_arrivals(tuned)} arrivals.</p>
<p><b>{html.escape(str_of(chosen.setting))}</b>{html.escape(way)} answers {chosen.point.throughput:.0f} requests a second
with a p99 of {chosen.point.p99:.1f} ms. It was {html.escape(tuned.was)}.</p>
{_picture(tuned, simulation)}
<h2>Measured on the server</h2>{_table(heads, points, numbers=range(1, 6))}
<h2>Not taken</h2>{_table(("setting", "why"), why, numbers=())}
<p>{tuned.simulated:,} settings simulated from {sum(len(stage.measured) for stage in tuned.costs.stages)} batch times; a request
costs {tuned.costs.front:.0f} us of a core outside of its models; jobs on all cores run at
{tuned.costs.shared:.0%} of their speed alone.</p></html>
"""


def _arrivals(tuned: Tuned) -> str:
    return "Poisson" if tuned.asked.arrivals is None else "recorded"


def _picture(tuned: Tuned, simulation: Simulation) -> str:
    """Return the frontier as SVG: lines are simulated, points are measured."""
    figure = Figure(figsize=(9, 4.6), layout="constrained")
    axes = figure.subplots()
    settings = {str_of(one.setting): one.setting for one in tuned.points}
    if tuned.now:
        settings.setdefault(str_of(tuned.now), tuned.now)
    for colour, (label, setting) in zip(COLOURS, settings.items(), strict=False):
        rates, p99s = _line(simulation, setting, tuned.asked.goal)
        chosen = setting == tuned.chosen.setting
        axes.plot(rates, p99s, color=colour, lw=2.4 if chosen else 1.2, label=f"{label}{' (chosen)' if chosen else ''}")
        own = [one.point for one in tuned.points if one.setting == setting and np.isfinite(one.point.p99)]
        axes.plot([one.throughput for one in own], [one.p99 for one in own], "o", color=colour, ms=6)
    axes.axhline(tuned.asked.goal, color="#999", ls="--", lw=1)
    axes.set_xlabel("requests a second")
    axes.set_ylabel("p99 [ms]")
    axes.set_ylim(0, 2 * tuned.asked.goal)
    axes.set_title("lines: simulated; points: measured; dashed: the goal", fontsize=10, loc="left")
    axes.legend(fontsize=8, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    text = io.StringIO()
    figure.savefig(text, format="svg")
    return "<svg" + text.getvalue().partition("<svg")[2]


def _line(simulation: Simulation, setting: Setting, goal: float) -> tuple[list[float], list[float]]:
    best = simulation.best_rate(setting, 2 * goal, count=1500)
    rates = [] if best is None else [float(best.rate * load) for load in LOADS]
    expected = [simulation.at(setting, rate, 1500) for rate in rates]
    return [one.throughput for one in expected], [one.p99 for one in expected]


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Iterable[int]) -> str:
    right = set(numbers)

    def cells(row: Sequence[str], tag: str) -> str:
        kinds = [' class="n"' if place in right else "" for place in range(len(row))]
        return "".join(f"<{tag}{kind}>{html.escape(cell)}</{tag}>" for cell, kind in zip(row, kinds, strict=True))

    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    return f"<table><tr>{cells(heads, 'th')}</tr>{body}</table>"
