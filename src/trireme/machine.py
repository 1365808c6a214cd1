"""What machine this is, as far as a tuning depends on it."""

from __future__ import annotations

import os
import platform
import re
from dataclasses import asdict, dataclass
from pathlib import Path

CPUINFO, QUOTA = Path("/proc/cpuinfo"), Path("/sys/fs/cgroup/cpu.max")


@dataclass(frozen=True)
class Machine:
    """A processor by its name, and how many of its cores this process may use."""

    processor: str
    cores: int

    @classmethod
    def here(cls) -> Machine:
        """Return this machine."""
        text = CPUINFO.read_text(encoding="utf-8") if CPUINFO.is_file() else ""
        found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
        return cls(found[1].strip() if found else platform.processor() or platform.machine(), _cores())

    @property
    def variant(self) -> str:
        """Return the name of a variant for machines like this."""
        return f"cpu-{self.cores}"

    def __str__(self) -> str:
        """Return it for people."""
        return f"{self.processor}, {self.cores} cores"

    def to_json(self) -> dict[str, object]:
        """Return its fields."""
        return asdict(self)


def _cores() -> int:
    """Return the cores that this process may use: a container's quota counts (https://docs.kernel.org/admin-guide/cgroup-v2.html)."""
    allowed = len(os.sched_getaffinity(0))
    quota, _, period = QUOTA.read_text(encoding="utf-8").strip().partition(" ") if QUOTA.is_file() else ("max", "", "")
    return max(1, min(allowed, round(int(quota) / int(period)))) if quota.isdigit() and period.isdigit() else allowed
