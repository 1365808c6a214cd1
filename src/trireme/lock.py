"""repo.lock: what each published version was made from, and the digest of each of its bytes. Versions never change.

A version whose bytes are not stable across machines says `reproducible = false` in model.toml: then the lock pins its sources,
and its gate must hold wherever it is built.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from trireme import digest
from trireme.errors import ChangedBytesError, LockedVersionError, UnreadableError, ValueRefusedError, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from trireme.artefacts import Artefact
    from trireme.spec import Model, Version

FORMAT = 1
DIGITS = 6
"""Of a measure, where the version was published; elsewhere the last ones differ."""
LOCK = "repo.lock"
"""Its name, at the root of the built tree."""


@dataclass(frozen=True)
class Lock:
    """Published versions: model -> version -> {sources, packages, files, reproducible, measures}."""

    versions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Lock:
        """Read repo.lock; nothing is published where there is none."""
        if not path.is_file():
            return cls()
        try:
            table = json.loads(path.read_text(encoding="utf-8"))
        except json.JSONDecodeError as error:
            raise UnreadableError(path.name, str(error), "take it from git again: it is never edited") from None
        if not isinstance(table, dict) or not isinstance(table.get("versions"), dict) or table.get("format") != FORMAT:
            raise UnreadableError(path.name, "it is of another format", f"this release reads format {FORMAT}")
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
        free = max(map(int, self.versions[model.name])) + 1
        raise LockedVersionError(model.place, version.number, _changed(entry["sources"], sources), free)

    def publish(self, model: Model, version: Version, artefact: Artefact) -> Lock:
        """Return the lock with this version in it; a version that is there stays as it is.

        Raises:
            ChangedBytesError: the version is reproducible and its bytes are others.

        """
        published = self.versions.get(model.name, {})
        entry = published.get(str(version.number))
        if entry is not None:
            self.check(model, version, artefact.sources)
            if entry["reproducible"] and entry["files"] != artefact.files:
                changed = _changed(entry["files"], artefact.files)
                raise ChangedBytesError(model.place, version.number, changed, entry["packages"])
            return self
        made = {
            "sources": dict(artefact.sources),
            "packages": dict(artefact.packages),
            "files": dict(artefact.files),
            "reproducible": version.reproducible,
            "measures": {name: round(value, DIGITS) for name, value in artefact.measures.items()},
        }
        return Lock({**self.versions, model.name: {**published, str(version.number): made}})

    def artefact(self, name: str, version: int) -> str:
        """Return one digest of a published version's files."""
        return digest.of_mapping(self.versions[name][str(version)]["files"])

    def artefacts(self, versions: Iterable[tuple[str, int]]) -> str:
        """Return one digest of the files of several versions."""
        return digest.of_mapping({f"{name}/{version}": self.artefact(name, version) for name, version in versions})

    def without(self, names: Iterable[str]) -> Lock:
        """Return the lock with all versions of some models forgotten, for versions nobody was given yet."""
        gone = set(names)
        for name in sorted(gone - set(self.versions)):
            raise ValueRefusedError("--relock", name, suggestion(name, self.versions))
        return Lock({name: versions for name, versions in self.versions.items() if name not in gone})


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
