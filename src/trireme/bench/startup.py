"""How long the built repository takes until it serves, and how much memory the whole server holds then."""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING

from trireme.build import build
from trireme.plan import TREE
from trireme.serve import check_canaries, machine_flags
from trireme.server.process import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.discover import Sources

    Row = tuple[str, str, str, str]


def measure(sources: Sources, *, quick: bool) -> Iterator[Row]:
    """Yield a row for a build with nothing to do, one for the start and one for the memory."""
    idle = []
    for _ in range(5):
        begun = time.perf_counter()
        build(sources)
        idle.append(time.perf_counter() - begun)
    yield "a build with nothing to do", f"{statistics.median(idle):.2f} s", _spread(idle), "<= 1 s"
    starts, memory = [], []
    for _ in range(1 if quick else 3):
        begun = time.perf_counter()
        tree, log = sources.root / TREE, sources.root / ".trireme" / "bench.log"
        with Server(tree, log, flags=machine_flags(tree)) as server:
            check_canaries(sources, server.grpc)
            starts.append(time.perf_counter() - begun)
            memory.append(resident(server))
    yield "start until every model answered", f"{statistics.median(starts):.1f} s", _spread(starts), "<= 15 s"
    yield "memory of the server and its stubs", f"{statistics.median(memory):.0f} MB", _spread(memory), "stated"


def resident(server: Server) -> float:
    """Return the proportional set size of the server's whole session, in MB: shared pages count once."""
    session = server.process.pid if server.process else -1
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(folder.name)) == session:
                lines = (folder / "smaps_rollup").read_text(encoding="ascii").splitlines()
                total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        except OSError:  # it ended meanwhile
            continue
    return total / 1000


def _spread(values: list[float]) -> str:
    return f"{min(values):.2f} to {max(values):.2f} in {len(values)} runs"
