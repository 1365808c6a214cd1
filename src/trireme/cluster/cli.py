"""The commands `k8s` and `shm`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from trireme.extra import extra
from trireme.sources import find_root

# Verbs import what they need when they run: `trireme --help` must not wait for YAML and schemas.
# ruff: noqa: PLC0415


@click.command()
@click.argument("overlays", metavar="[OVERLAY]...", nargs=-1)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Write each overlay's YAML here, OVERLAY.yaml.")
@click.option("--locked", is_flag=True, help="Fail when a file under k8s/generated/ or k8s/chart/ would change: for CI.")
@click.option("--release", is_flag=True, help="Refuse values that nobody has set, and images without a digest.")
@click.pass_obj
def k8s(root: Path | None, overlays: tuple[str, ...], out: Path | None, *, locked: bool, release: bool) -> None:
    """Generate what follows from the models, render the overlays, and check them without a cluster.

    OVERLAY is a name under k8s/overlays/, a folder of your own, or a file of values for k8s/chart. By default all of ours are
    checked, and the chart is written, too. Every object is held against its schema, of the three newest releases of Kubernetes
    that are known, and against the others: names, ports, labels, weights, graces, budgets, PromQL. Exit code 0: nothing found;
    1: something is wrong; 2: it could not be checked.
    """
    with extra("cluster"):
        from trireme.cluster import chart, check, generate, schemas
    from trireme.discover import discover

    sources = discover(root or find_root(Path.cwd()))
    if locked and (paths := generate.stale(sources)):
        raise _stale(generate.FOLDER, paths)
    for path in generate.write(sources):
        click.echo(f"{generate.FOLDER}/{path}: written")
    if locked and not overlays and (paths := list(chart.stale(sources.root))):
        raise _stale(chart.FOLDER, paths)
    for path in () if overlays else chart.write(sources.root):
        click.echo(f"{chart.FOLDER}/{path}: written")
    click.echo(f"Kubernetes {', '.join(schemas.releases())}")
    wrong = False
    for folder in check.overlays(sources.root, overlays):
        report = check.check(sources.root, folder)
        found = (*report.problems, *(report.unready if release else ()))
        wrong = wrong or bool(found)
        state = f"{len(found)} wrong" if found else "right"
        to_do = f", {len(report.unready)} to set or pin before a release" if report.unready and not release else ""
        click.echo(f"{report.name:12} {len(report.objects.every):3} objects  {state}{to_do}")
        for problem in found:
            click.echo(f"  {problem}")
        for need in report.needs if overlays else ():
            click.echo(f"  needs {need}")
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            (out / f"{report.name}.yaml").write_text(report.objects.text(), encoding="utf-8")
    sys.exit(1 if wrong else 0)


def _stale(place: str, paths: list[str]) -> click.ClickException:
    return click.ClickException(f"{place}: not as generated now: {', '.join(paths)}; run `make k8s` and commit")


@click.command()
@click.option("--bytes", "bare", is_flag=True, help="Print the size alone, in bytes.")
@click.pass_obj
def shm(root: Path | None, *, bare: bool) -> None:
    """Say how large /dev/shm has to be for the built repository: Python models move every tensor through it."""
    from trireme.cluster import shm as work
    from trireme.discover import discover

    rows = work.needs(discover(root or find_root(Path.cwd())))
    click.echo(work.size(rows) if bare else "\n".join(work.lines(rows)))
