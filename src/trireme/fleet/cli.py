"""The command `fleet`."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import click

from trireme.extra import extra
from trireme.sources import find_root

FOLDER = ".trireme/fleet"

# Verbs import what they need when they run: `trireme --help` must not wait for gRPC.
# ruff: noqa: PLC0415


@click.command()
@click.option("--size", type=click.IntRange(2, 8), default=3, show_default=True, help="Tritons.")
@click.option("--prove", is_flag=True, help="Restart, swap and kill them under a constant rate, count what is lost, and end.")
@click.option("--rate", type=click.FloatRange(1), default=200.0, show_default=True, help="Requests a second of the proof.")
@click.pass_obj
def fleet(root: Path | None, size: int, rate: float, *, prove: bool) -> None:
    """Serve the repository by several Tritons on loopback, behind NGINX with the cluster's config, watched by Prometheus.

    With --prove: exit code 0 when nothing was lost in a rolling restart and a version swap, and none but those in flight on
    it when one was killed; 1 else.
    """
    with extra("cluster", "gateway"):
        from trireme.fleet import fleet as work
        from trireme.fleet import prove as proof
    from trireme.discover import discover
    from trireme.plan import TREE
    from trireme.serve import machine_flags
    from trireme.stopping import Stop, stop_on_signals

    stop_on_signals()
    sources = discover(root or find_root(Path.cwd()))
    folder = sources.root / FOLDER
    if prove:
        held = True
        for row in proof.prove(sources, folder, rate=rate):
            held = held and (isinstance(row, str) or row.held)
            click.echo(row if isinstance(row, str) else _line(row))
        sys.exit(0 if held else 1)
    tree, examples = sources.root / TREE, (sources.root / "models", sources.root / "ensembles")
    with work.Fleet(sources.root, tree, folder, examples=examples, size=size, flags=machine_flags(tree)) as served:
        for pod in served.pods:
            click.echo(f"{pod.name:12} {pod.server.grpc}  {pod.server.metrics}")
        click.echo(f"balanced     {served.balancer.grpc}  {served.balancer.http}")
        click.echo(f"prometheus   {served.watch.url}\nCtrl-C stops")
        with Stop() as stop:
            stop.wait()


def _line(row: object) -> str:
    from trireme.fleet.prove import Row

    assert isinstance(row, Row)  # noqa: S101 - for the type alone
    account = row.account
    reasons = Counter(account.lost.values())
    lost = ", ".join(f"{count} x {reason}" for reason, count in reasons.items()) or "none lost"
    versions = ", ".join(f"{count} by version {name}" for name, count in sorted(account.versions.items()))
    return f"{row.what:24} {account.sent:6} sent, {versions}, p99 {account.p99:.0f} ms; {lost} ({len(row.exposed)} may be)"
