"""The images that ours are made from: by tag for a trial, by digest for a release."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trireme import __version__, digest
from trireme.discover import read_toml
from trireme.errors import ClusterError
from trireme.lock import LOCK
from trireme.plan import TREE

if TYPE_CHECKING:
    from pathlib import Path

PULLED = ("vllm", "nginx")
"""Those that pods run as they are published."""
OURS = ("trireme-triton", "trireme-tools", "trireme-models", "trireme-engines")
"""Those of the Dockerfile that pods run."""
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
BASES = {"TRITON": "triton", "PYTHON": "python", "VLLM": "vllm"}
"""The Dockerfile's ARGs, and whose image each is in versions.toml."""


def rows(root: Path) -> dict[str, dict[str, str]]:
    """Return [images] of versions.toml: name, tag and digest of each.

    Raises:
        ClusterError: one of them lacks a name or a tag, or has a digest that is none.

    """
    found: dict[str, dict[str, str]] = read_toml(root / "versions.toml").get("images", {})
    for key, row in found.items():
        if not (row.get("name") and row.get("tag")):
            raise ClusterError("versions.toml", f"images.{key} has no name or no tag", "write name, tag and digest")
        if row.get("digest") and not DIGEST.fullmatch(row["digest"]):
            raise ClusterError("versions.toml", f"images.{key}.digest is {row['digest']!r}", "it is sha256: and 64 digits")
    return found


def tags(root: Path) -> dict[str, str]:
    """Return the tag of each image of ours: Triton's release and our version; for the repository's, its lock's digest.

    What is in an image changes with its tag: a node that has a tag does not pull it again.
    """
    ours = f"{read_toml(root / 'versions.toml')['production']['release']}-{__version__}"
    return dict.fromkeys(OURS, ours) | {"trireme-models": digest.of_file(root / TREE / LOCK)[:12]}


def arguments(root: Path, *, release: bool) -> list[str]:
    """Return docker's --build-arg words for the Dockerfile.

    Raises:
        ClusterError: a release, and an image without a digest.

    """
    table = rows(root)
    return [
        word for name, key in BASES.items() for word in ("--build-arg", f"{name}={reference(key, table[key], release=release)}")
    ]


def reference(key: str, row: dict[str, str], *, release: bool) -> str:
    """Return how an image is pulled: name:tag, and the digest where it is known."""
    if release and not row.get("digest"):
        remedy = f"`docker buildx imagetools inspect {row['name']}:{row['tag']}` says it; write it there"
        raise ClusterError("versions.toml", f"images.{key} has no digest, and a release is built from digests", remedy)
    return f"{row['name']}:{row['tag']}" + (f"@{row['digest']}" if row.get("digest") else "")
