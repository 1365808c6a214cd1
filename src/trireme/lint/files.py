"""The file system as the linter meets it: whatever lies at a path, there is an answer and no exception.

Path's own is_file, is_dir and exists raise on a name that is too long and in a folder that may not be searched.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Entries:
    """What a folder holds: names of files and of folders; problem is the operating system's word when it is unreadable."""

    files: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    problem: str = ""


def listing(path: Path) -> Entries:
    """Return what a folder holds, links followed, in the order of names."""
    files: list[str] = []
    folders: list[str] = []
    try:
        with os.scandir(path) as found:
            for entry in found:
                try:
                    (folders if entry.is_dir() else files).append(entry.name)
                except OSError:  # a link that goes round in a circle
                    files.append(entry.name)
    except OSError as error:
        return Entries(problem=error.strerror or str(error))
    return Entries(tuple(sorted(files)), tuple(sorted(folders)))


def below(folder: Path, name: str) -> Path:
    """Return the path that Triton makes of a folder and a name: it joins texts, so that `/x` lies under the folder too."""
    return folder / name.lstrip("/")


def is_file(path: Path) -> bool:
    """Say whether there is a file that can be looked at; a name that is too long is none."""
    return os.path.isfile(path)  # noqa: PTH113 - as above


def is_folder(path: Path) -> bool:
    """Say whether there is a folder that can be looked at."""
    return os.path.isdir(path)  # noqa: PTH112 - as above


def exists(path: Path) -> bool:
    """Say whether there is anything that can be looked at."""
    return os.path.exists(path)  # noqa: PTH110 - as above


def is_link(path: Path) -> bool:
    """Say whether there is a link, wherever it leads."""
    return os.path.islink(path)  # noqa: PTH114 - as above


def size(path: Path) -> int:
    """Return the bytes of a file, 0 when it cannot be looked at."""
    try:
        return path.stat().st_size
    except OSError:
        return 0
