"""A server's processes, known by a mark in their environment: its own and those that left its session."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

VARIABLE = "TRIREME_BENCH_MARK"
TICK = os.sysconf("SC_CLK_TCK")
PATIENCE = 20.0


def processes(mark: str) -> list[int]:
    """Return the living processes under a mark."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"{VARIABLE}={mark}\0".encode() in (folder / "environ").read_bytes() and _state(folder) != "Z":
                found.append(int(folder.name))
        except OSError:  # it ended meanwhile
            continue
    return found


def seconds(mark: str) -> float:
    """Return the processor time that the processes under a mark have used."""
    total = 0
    for pid in processes(mark):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        except OSError:
            continue
    return total / TICK


def megabytes(mark: str) -> float:
    """Return their proportional set size: shared pages count once."""
    total = 0
    for pid in processes(mark):
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        except OSError:
            continue
    return total / 1000


def stop(mark: str, leader: int) -> None:
    """Interrupt the leader as Ctrl-C does; what is left after a while is ended, then killed."""
    plan = [(signal.SIGINT, [leader], PATIENCE), (signal.SIGTERM, None, 5.0), (signal.SIGKILL, None, 5.0)]
    for number, pids, patience in plan:
        for pid in pids if pids is not None else processes(mark):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue
        end = time.monotonic() + patience
        while processes(mark) and time.monotonic() < end:
            time.sleep(0.1)


def _state(folder: Path) -> str:
    return (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
