"""Shared memory that a dead server of the same pod left: /dev/shm outlives a container's restart."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def sweep(folder: Path, prefix: str, before: float) -> int:
    """Remove regions of a prefix that nobody has written since a moment (Unix time [s]); return how many.

    The moment is when the server was first found gone: what is older is not its successor's.
    """
    count = 0
    for region in folder.glob(f"{prefix}*"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            if region.stat().st_mtime < before:
                region.unlink()
                count += 1
    return count
