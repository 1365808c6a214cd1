"""Run benchmarks and print one table: `python -m trireme.bench [--quick] [NAME ...]`; some only when named."""

from __future__ import annotations

import importlib
import os
import platform
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from trireme.discover import discover
from trireme.errors import TriremeError
from trireme.sources import find_root
from trireme.stopping import stop_on_signals

ALWAYS = ("startup", "lint", "efficiency", "overhead")
"""What runs when nothing is named."""


def main() -> None:
    """Print the table; `--quick` shortens every measurement to see that it runs."""
    stop_on_signals()
    quick = "--quick" in sys.argv[1:]
    names = [word for word in sys.argv[1:] if not word.startswith("-")] or ALWAYS
    console = Console()
    sources = discover(find_root(Path.cwd()))
    table = Table("measured", "value", "spread", "target", title=f"{os.cpu_count()} cores, {platform.machine()}")
    try:
        for name in names:
            benchmark = importlib.import_module(f"trireme.bench.{name}")
            console.print(f"{name} ...")
            for row in benchmark.measure(sources, quick=quick):
                table.add_row(*row)
    except TriremeError as error:
        console.print(f"error: {error}", style="red")
        sys.exit(2)
    console.print(table)


if __name__ == "__main__":
    main()
