"""Digests of files, and of what a version is made from."""

from __future__ import annotations

import hashlib
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


def of_file(path: Path) -> str:
    """Return the file's sha256, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def of_files(folder: Path, paths: Iterable[Path]) -> dict[str, str]:
    """Return the digest of each file by its path inside the folder."""
    return {path.relative_to(folder).as_posix(): of_file(path) for path in sorted(paths)}


def of_mapping(values: Mapping[str, str]) -> str:
    """Return one digest of a mapping, whatever its order."""
    return hashlib.sha256("\n".join(f"{key}={values[key]}" for key in sorted(values)).encode()).hexdigest()


def of_packages(names: Iterable[str]) -> dict[str, str]:
    """Return the installed version of each package, without the local part that names a build («+cpu»)."""
    found = {}
    for name in names:
        try:
            found[name] = version(name).partition("+")[0]
        except PackageNotFoundError:
            found[name] = "not installed"
    return found
