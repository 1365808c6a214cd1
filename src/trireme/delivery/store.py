"""Where a published repository lies: a folder, or a URL that fsspec reads (s3://, gs://, https://)."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fsspec

from trireme import tree
from trireme.errors import DeliveryError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

EXTRAS = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs", "http": "aiohttp", "https": "aiohttp"}
"""The package behind a protocol."""


@dataclass(frozen=True)
class Place:
    """A folder on this machine (files is None), or a path in a store."""

    shown: str
    path: str
    files: Any = None

    @classmethod
    def of(cls, target: str) -> Place:
        """Return the place that a path or URL names.

        Raises:
            DeliveryError: nobody knows its protocol, or what reads it is not installed.

        """
        protocol, separator, _ = target.partition("://")
        if not separator or protocol == "file":
            return cls(target, str(Path(target.removeprefix("file://")).absolute()))
        try:
            files, path = fsspec.core.url_to_fs(target.rstrip("/"))
        except ImportError:
            remedy = f"pip install {EXTRAS.get(protocol, protocol)}"
            raise DeliveryError(target, f"what reads {protocol}:// is not installed", remedy) from None
        except ValueError as error:
            remedy = "give a folder, or a URL such as s3://bucket/path"
            raise DeliveryError(target, str(error).rstrip("."), remedy) from None
        return cls(target, path, files)

    def staging(self) -> tempfile.TemporaryDirectory[str]:
        """Return a folder that can be put here: beside a folder, anywhere for a store."""
        if self.files is not None:
            return tempfile.TemporaryDirectory(prefix="trireme-publish-")
        return staging(Path(self.path))

    def refuse_taken(self, mark: str) -> None:
        """Refuse a place that holds something, but for a folder with the mark of a published repository.

        Raises:
            DeliveryError: it does.

        """
        if self.files is None:
            folder = Path(self.path)
            if folder.exists() and any(folder.iterdir()) and not (folder / mark).is_file():
                raise DeliveryError(self.shown, "it holds something else", "choose an empty folder: it would be replaced")
        elif self._reach(lambda: self.files.exists(self.path) and self.files.find(self.path)):
            remedy = "choose a path of its own for each, as s3://bucket/models/2026-11-28.1: what is published never changes"
            raise DeliveryError(self.shown, "something is published there", remedy)

    def put(self, folder: Path, files: Sequence[str], *, last: str) -> None:
        """Write a folder here: renamed in on a disk; file by file in a store, and the last one makes it whole."""
        if self.files is None:
            folder.chmod(0o755)
            tree.swap(folder, Path(self.path))
            return
        for name in (*(one for one in files if one != last), last):
            self._reach(partial(self.files.put_file, str(folder / name), f"{self.path}/{name}"))

    def get(self, folder: Path) -> None:
        """Copy everything that lies here into a folder, which is made.

        Raises:
            DeliveryError: nothing lies here, it cannot be read, or a name leads out of the folder.

        """
        if self.files is None:
            source = Path(self.path)
            if not source.is_dir():
                raise DeliveryError(self.shown, "there is no such folder", "name a published repository")
            shutil.copytree(source, folder, symlinks=True)
            return
        names = self._reach(lambda: sorted(self.files.find(self.path)))
        if not names:
            raise DeliveryError(self.shown, "nothing is published there", "`trireme publish` writes there")
        folder.mkdir()
        for name in names:
            relative = name.removeprefix(self.path).lstrip("/")
            target = (folder / relative).resolve()
            if not target.is_relative_to(folder.resolve()):
                raise DeliveryError(self.shown, f"the name {relative!r} leads out of the folder", "do not serve this")
            target.parent.mkdir(parents=True, exist_ok=True)
            self._reach(partial(self.files.get_file, name, str(target)))

    def read(self, name: str) -> bytes | None:
        """Return a file's bytes, None where there is none."""
        if self.files is None:
            path = Path(self.path) / name
            return path.read_bytes() if path.is_file() else None
        try:
            found: bytes = self.files.cat_file(f"{self.path}/{name}")
        except (FileNotFoundError, OSError):
            return None
        return found

    def _reach(self, ask: Callable[[], Any]) -> Any:  # noqa: ANN401 - what the store answers
        try:
            return ask()
        except Exception as error:  # noqa: BLE001 - every store has errors of its own
            text = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise DeliveryError(self.shown, f"the store refused: {text}", "look at its address and credentials") from None


def staging(target: Path) -> tempfile.TemporaryDirectory[str]:
    """Return a folder beside a target, to be renamed from."""
    target.parent.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent)
