"""The command `budget`."""

from __future__ import annotations

from pathlib import Path

import click

from trireme.sources import find_root

# Verbs import what they need when they run: `trireme --help` must not wait for gRPC.
# ruff: noqa: PLC0415


@click.command()
@click.argument("unit", metavar="MODEL")
@click.option("--protocol", type=click.Choice(["grpc", "http"]), default="grpc", show_default=True)
@click.option("--requests", type=click.IntRange(1, 10_000), default=200, show_default=True, help="How many are taken apart.")
@click.option("--variant", default="", metavar="NAME", help="Serve this variant; by default the base configs, step by step.")
@click.pass_obj
def budget(root: Path | None, unit: str, protocol: str, requests: int, variant: str) -> None:
    """Take one request's time to MODEL apart: network, queue, preprocessing, forward, postprocessing.

    Starts a server that traces every request, asks MODEL its first example, one request at a time, and writes a page with the
    waterfall. The parts come from the client's clock and from Triton's traces; what they leave open is printed.
    """
    from trireme.discover import discover
    from trireme.latency import draw
    from trireme.latency.measure import OUT, measure
    from trireme.stopping import stop_on_signals

    stop_on_signals()
    sources = discover(root or find_root(Path.cwd()))
    sources.unit(unit)  # says which there are
    found = measure(sources, unit, protocol, requests, variant)
    page = sources.root / OUT / f"{unit}.html"
    page.write_text(draw.page(found), encoding="utf-8")
    for line in draw.lines(found):
        click.echo(line)
    click.echo(f"waterfall: {page}")
