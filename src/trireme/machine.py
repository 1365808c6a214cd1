"""What machine this is, as far as a tuning depends on it."""

from __future__ import annotations

import os
import platform
import re
from dataclasses import asdict, dataclass
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")


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
        return cls(found[1].strip() if found else platform.processor() or platform.machine(), len(os.sched_getaffinity(0)))

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
