"""Run every benchmark and print one table: `python -m trireme.bench [--quick]`."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from trireme.bench import efficiency, lint, overhead, startup
from trireme.discover import discover
from trireme.errors import TriremeError
from trireme.sources import find_root


def main() -> None:
    """Print the table; `--quick` shortens every measurement to see that it runs."""
    quick = "--quick" in sys.argv[1:]
    console = Console()
    sources = discover(find_root(Path.cwd()))
    table = Table("measured", "value", "spread", "target", title=f"{os.cpu_count()} cores, {platform.machine()}")
    try:
        for benchmark in (startup, lint, efficiency, overhead):
            console.print(f"{benchmark.__name__.rpartition('.')[2]} ...")
            for row in benchmark.measure(sources, quick=quick):
                table.add_row(*row)
    except TriremeError as error:
        console.print(f"error: {error}", style="red")
        sys.exit(2)
    console.print(table)


if __name__ == "__main__":
    main()
