"""Run benchmarks and print one table: `python -m trireme.bench [--quick] [NAME ...]`; some only when named."""

from __future__ import annotations

import importlib
import os
import platform
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from trireme.discover import discover
from trireme.errors import TriremeError
from trireme.sources import find_root
from trireme.stopping import stop_on_signals

ALWAYS = ("startup", "lint", "efficiency", "overhead")
"""What runs when nothing is named."""
NAMED = ("gateway", "gpu", "medic", "overload", "peers", "tune")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", nargs=-1, metavar="[NAME]...", type=click.Choice(ALWAYS + NAMED))
@click.option("--quick", is_flag=True, help="Shorten every measurement, to see that it runs.")
def main(names: tuple[str, ...], *, quick: bool) -> None:
    """Measure and print one table, with spreads and targets.

    NAME is startup, lint, efficiency or overhead (all four by default), or one that takes long: gateway, gpu, medic, overload,
    peers, tune.
    """
    stop_on_signals()
    console = Console()
    sources = discover(find_root(Path.cwd()))
    table = Table("measured", "value", "spread", "target", title=f"{os.cpu_count()} cores, {platform.machine()}")
    try:
        for name in names or ALWAYS:
            benchmark = importlib.import_module(f"trireme.bench.{name}")
            console.print(f"{name} ...")
            for row in benchmark.measure(sources, quick=quick):
                table.add_row(*row)
    except TriremeError as error:
        console.print(f"error: {error}", style="red")
        sys.exit(2)
    console.print(table)


if __name__ == "__main__":
    main(prog_name="python -m trireme.bench")
