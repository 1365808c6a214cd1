"""The command `load`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from trireme.sources import find_root
from trireme.tune.cli import Milliseconds

NAMES = ("smoke", "load", "stress", "spike", "soak", "drain", "overload")

# Verbs import what they need when they run: `trireme --help` must not wait for gRPC.
# ruff: noqa: PLC0415


@click.command()
@click.argument("unit", metavar="MODEL")
@click.option("--scenario", type=click.Choice(NAMES), default="load", show_default=True)
@click.option("--protocol", type=click.Choice(["grpc", "http"]), default="grpc", show_default=True)
@click.option("--rate", type=click.FloatRange(0, min_open=True), help="Requests a second; by default what the scenario says.")
@click.option(
    "--seconds", type=click.FloatRange(0, min_open=True), help="How long (a step of a stress); by default as it says."
)
@click.option("--p99", "goal", type=Milliseconds(), default="100ms", show_default=True, help="What p99 has to stay below.")
@click.option("--address", default="", metavar="ADDRESS", help="A Triton that serves MODEL; by default one is started.")
@click.option("--tool", type=click.Choice(["k6", "locust"]), default="k6", show_default=True, help="locust runs `load` alone.")
@click.pass_obj
def load(  # noqa: PLR0913, PLR0917 - an option each, passed by name
    root: Path | None,
    unit: str,
    scenario: str,
    protocol: str,
    rate: float | None,
    seconds: float | None,
    goal: float,
    address: str,
    tool: str,
) -> None:
    r"""Load MODEL with its own examples at rates of its own, whatever comes of the requests before.

    \b
    smoke     each example five times          stress    rates in steps, up to the knee
    load      half of what it takes            spike     a tenth, all at once, a tenth again
    soak      the same for half an hour        drain     SIGTERM under a constant rate
    overload  five times what it takes

    Exit code 0: all thresholds held; 1: one did not; 2: the run does not count (the generator fell behind) or could not begin.
    """
    from trireme.discover import discover
    from trireme.loads.run import Asked, run
    from trireme.stopping import stop_on_signals

    stop_on_signals()
    sources = discover(root or find_root(Path.cwd()))
    sources.unit(unit)  # says which there are
    if tool == "locust" and (scenario != "load" or protocol != "grpc"):
        raise click.UsageError("locust runs the scenario load over grpc; take k6 for the others")
    asked = Asked(unit, scenario, protocol, rate or 0.0, seconds or 0.0, goal, address, tool)
    outcome, report = run(sources, asked, click.echo)
    for line in outcome.lines() if outcome else ():
        click.echo(line)
    click.echo(f"report: {report}")
    if outcome and not outcome.counts:
        sys.exit(2)
    if outcome and not outcome.passed:
        sys.exit(1)
