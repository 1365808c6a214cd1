"""repo.lock: what each published version was made from, and the digest of each of its bytes. Versions never change.

A version whose bytes are not stable across machines says `reproducible = false` in model.toml: then the lock pins its sources,
and its gate must hold wherever it is built.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from trireme.errors import LockedVersionError, ValueRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from trireme.artefacts import Artefact
    from trireme.spec import Model, Version

FORMAT = 1


@dataclass(frozen=True)
class Lock:
    """Published versions: model -> version -> {sources, packages, files, reproducible}."""

    versions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Lock:
        """Read repo.lock; nothing is published where there is none."""
        if not path.is_file():
            return cls()
        try:
            table = json.loads(path.read_text(encoding="utf-8"))
        except json.JSONDecodeError as error:
            raise ValueRefusedError(str(path), str(error), "take it from git again: it is never edited") from None
        if table.get("format") != FORMAT:
            raise ValueRefusedError(f"{path}: format", table.get("format"), f"this release reads {FORMAT}")
        return cls(table["versions"])

    def to_text(self) -> str:
        """Return the file: JSON, sorted, one digest a line."""
        return json.dumps({"format": FORMAT, "versions": self.versions}, indent=1, sort_keys=True) + "\n"

    def check(self, model: Model, version: Version, sources: Mapping[str, str]) -> None:
        """Refuse changed sources under a published version.

        Raises:
            LockedVersionError: they changed.

        """
        entry = self.versions.get(model.name, {}).get(str(version.number))
        if entry is None or entry["sources"] == sources:
            return
        raise LockedVersionError(model.place, version.number, _changed(entry["sources"], sources))

    def publish(self, model: Model, version: Version, artefact: Artefact) -> Lock:
        """Return the lock with this version in it; a version that is there stays as it is.

        Raises:
            LockedVersionError: the version is reproducible and its bytes are others.

        """
        published = self.versions.get(model.name, {})
        entry = published.get(str(version.number))
        if entry is not None:
            self.check(model, version, artefact.sources)
            if entry["reproducible"] and entry["files"] != artefact.files:
                raise LockedVersionError(model.place, version.number, _changed(entry["files"], artefact.files))
            return self
        made = {
            "sources": dict(artefact.sources),
            "packages": dict(artefact.packages),
            "files": dict(artefact.files),
            "reproducible": version.reproducible,
        }
        return Lock({**self.versions, model.name: {**published, str(version.number): made}})

    def without(self, names: Iterable[str]) -> Lock:
        """Return the lock with all versions of some models forgotten, for versions nobody was given yet."""
        gone = set(names)
        return Lock({name: versions for name, versions in self.versions.items() if name not in gone})


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
