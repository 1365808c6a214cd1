"""The commands `k8s` and `shm`."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trireme.extra import extra
from trireme.sources import find_root

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.cluster.check import Report
    from trireme.discover import Sources

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

    OVERLAY is a name under k8s/overlays/, a folder of your own, or a file of values for k8s/chart; all names by default. Every
    object is held against its schema, of the three newest releases of Kubernetes that are known, and against the others:
    names, ports, labels, weights, graces, budgets, PromQL. Exit code 0: nothing found; 1: something is wrong; 2: it could not
    be checked.
    """
    with extra("cluster"):
        from trireme.cluster import check, schemas
    from trireme.discover import discover

    sources = discover(root or find_root(Path.cwd()))
    places = check.places(sources.root, overlays)
    targets = {place: out / f"{place.stem if place.is_file() else place.name}.yaml" for place in places} if out else {}
    for place, target in targets.items():
        if place.resolve() == target.resolve():
            raise click.UsageError(f"{target} holds the values that are checked; give another folder with --out")
    for line in _written(sources, locked=locked):
        click.echo(line)
    click.echo(f"Kubernetes {', '.join(schemas.releases())}")
    wrong = False
    for place in places:
        report = check.check(sources.root, place)
        for line in _told(report, release=release, needs=bool(overlays)):
            click.echo(line)
        wrong = wrong or bool(report.problems or (release and report.unready))
        if place in targets:
            targets[place].parent.mkdir(parents=True, exist_ok=True)
            targets[place].write_text(report.objects.text(), encoding="utf-8")
    sys.exit(1 if wrong else 0)


def _written(sources: Sources, *, locked: bool) -> Iterator[str]:
    """Write what is generated and yield a line a file; locked refuses what would be written."""
    from trireme.cluster import chart, generate

    for folder, stale, write in (
        (generate.FOLDER, partial(generate.stale, sources), partial(generate.write, sources)),
        (chart.FOLDER, partial(chart.stale, sources.root), partial(chart.write, sources.root)),
    ):
        if locked and (paths := list(stale())):
            raise click.ClickException(f"{folder}: not as generated now: {', '.join(paths)}; run `make k8s` and commit")
        yield from () if locked else (f"{folder}/{path}: written" for path in write())


def _told(report: Report, *, release: bool, needs: bool) -> Iterator[str]:
    """Yield the lines of one report."""
    found = (*report.problems, *(report.unready if release else ()))
    state = f"{len(found)} wrong" if found else "right"
    to_do = f", {len(report.unready)} to set or pin before a release" if report.unready and not release else ""
    yield f"{report.name:12} {len(report.objects.every):3} objects  {state}{to_do}"
    yield from (f"  {problem}" for problem in found)
    yield from (f"  needs {need}" for need in report.needs if needs)


@click.command()
@click.option("--bytes", "bare", is_flag=True, help="Print the size alone, in bytes.")
@click.pass_obj
def shm(root: Path | None, *, bare: bool) -> None:
    """Say how large /dev/shm has to be for the built repository: Python models move every tensor through it."""
    from trireme.cluster import shm as work
    from trireme.discover import discover

    rows = work.needs(discover(root or find_root(Path.cwd())))
    click.echo(work.size(rows) if bare else "\n".join(work.lines(rows)))
