"""The command `simulate-scaling`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trireme.extra import extra
from trireme.sources import find_root
from trireme.tune.cli import Milliseconds

if TYPE_CHECKING:
    from trireme.discover import Sources
    from trireme.scaling.simulate import Replica

FOLDER = ".trireme/scaling"
FULL = 0.7
"""The share of all replicas' capacity that a trace's peak is scaled to, where no --peak is given."""

# Verbs import what they need when they run: `trireme --help` must not wait for numba.
# ruff: noqa: PLC0415


class Window(click.ParamType[tuple[int, int]]):
    """FROM-TO in seconds."""

    name = "from-to"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """Return both."""
        first, _, last = value.partition("-")
        if not (first.isdigit() and last.isdigit() and int(first) < int(last)):
            self.fail(f"{value!r} is no time as 600-1200, in seconds", param, ctx)
        return int(first), int(last)


@click.command("simulate-scaling")
@click.option(
    "--trace",
    "traces",
    multiple=True,
    metavar="NAME|CSV",
    help="diurnal, spike, ramp, or a CSV of seconds,rate; all by default.",
)
@click.option("--model", "unit", default="text_classification", show_default=True, help="Whose requests they are.")
@click.option(
    "--peak",
    type=click.FloatRange(0, min_open=True),
    help="Requests a second at the peak; by default 70 % of all replicas' capacity.",
)
@click.option("--slo", type=Milliseconds(), default="200ms", show_default=True, help="How long an answer may take.")
@click.option(
    "--capacity", type=click.FloatRange(0, min_open=True), help="Requests a second of one replica; measured here by default."
)
@click.option("--latency", type=Milliseconds(), help="Of a lone request; measured here by default.")
@click.option(
    "--cold-start",
    type=click.FloatRange(0),
    help="Seconds from a new pod to its first answer; by default 20 and the measured start.",
)
@click.option(
    "--prometheus-away", "away", type=Window(), metavar="FROM-TO", help="Prometheus cannot be asked in these seconds."
)
@click.option("--search", is_flag=True, help="Try other targets and other ways down as well, and say which is cheapest.")
@click.pass_obj
def simulate_scaling(  # noqa: PLR0913, PLR0917 - an option each, passed by name
    root: Path | None,
    traces: tuple[str, ...],
    unit: str,
    peak: float | None,
    slo: float,
    capacity: float | None,
    latency: float | None,
    cold_start: float | None,
    away: tuple[int, int] | None,
    *,
    search: bool,
) -> None:
    """Replay a load trace through replicas as fast as the measured one, and the HPA's own algorithm.

    Compares the rule that ships (k8s/components/hpa) with what the field does, scaling on the raw queue counter, and with a
    fixed number of replicas. A picture of each trace is written to .trireme/scaling/.
    """
    with extra("cluster", "tune"):
        from trireme.scaling import draw, report, rules, trace
    from trireme.discover import discover

    sources = discover(root or find_root(Path.cwd()))
    shipped = rules.shipped(sources.root)
    found = [trace.read(name) for name in traces or trace.shipped()]
    replica = _replica(sources, unit, capacity, latency, cold_start)
    click.echo(
        f"one replica: {replica.capacity:.0f} requests/s, {1000 * replica.latency:.1f} ms alone, "
        f"{replica.cold_start:.0f} s until it serves"
    )
    for one in found:
        runs = report.runs(one, replica, shipped, peak or FULL * shipped.most * replica.capacity, slo / 1000, away)
        path = sources.root / FOLDER / f"{one.name}.svg"
        path.parent.mkdir(parents=True, exist_ok=True)
        title = f"{one.name}: {unit}, {replica.capacity:.0f} requests/s a replica, goal {slo:g} ms"
        path.write_text(draw.picture(runs, replica, title), encoding="utf-8")
        for line in report.lines(one, runs):
            click.echo(line)
        click.echo(f"picture: {path}")
    if search:
        for line in report.searched(found, replica, shipped, peak or FULL * shipped.most * replica.capacity, slo / 1000):
            click.echo(line)


def _replica(
    sources: Sources,
    unit: str,
    capacity: float | None,
    latency: float | None,
    cold_start: float | None,
) -> Replica:
    """Return what one replica is worth: as told, and measured here where it is not all told."""
    from trireme.scaling.simulate import Replica

    if capacity is not None and latency is not None and cold_start is not None:
        return Replica(capacity, latency / 1000, cold_start)
    from trireme.scaling import measure

    click.echo(f"measuring {unit} here ...", err=True)
    measured = measure.measure(sources, unit, placing=20.0)
    return replace(
        measured,
        capacity=capacity or measured.capacity,
        latency=measured.latency if latency is None else latency / 1000,
        cold_start=measured.cold_start if cold_start is None else cold_start,
    )
