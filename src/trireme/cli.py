"""The command line: one verb a function; the only place that prints an error and exits."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from trireme import __version__
from trireme.errors import TriremeError


@click.group()
def cli() -> None:
    pass

@cli.command()
def build() -> None:
    from trireme.build import build
    from trireme.discover import discover
    b = build(discover(Path.cwd()), watch=lambda m, v, d: print(m.name, v.number, d, flush=True))
    print(len(b.changed), {k: a.measures for k,a in b.plan.artefacts.items()})

def main() -> None:
    try:
        cli()
    except TriremeError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
