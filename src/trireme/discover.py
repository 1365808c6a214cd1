"""Find every model and pipeline by looking: a folder with the right file in it is one, and its name is the folder's."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from trireme.errors import DuplicateNameError, MissingSourceError, UnreadableError, ValueRefusedError, suggestion
from trireme.spec import Ensemble, Model

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Sources:
    """Everything under one root: the models and the ensembles, each sorted by name."""

    root: Path
    models: tuple[Model, ...]
    ensembles: tuple[Ensemble, ...]

    @property
    def units(self) -> tuple[Model | Ensemble, ...]:
        """Return all that will be served: the models, then the pipelines."""
        return (*self.models, *self.ensembles)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of all that will be served, sorted."""
        return tuple(sorted(unit.name for unit in self.units))

    def unit(self, name: str) -> Model | Ensemble:
        """Return the model or pipeline of this name."""
        for unit in self.units:
            if unit.name == name:
                return unit
        raise ValueRefusedError("the name of a model", name, suggestion(name, self.names))


def discover(root: Path) -> Sources:
    """Read all sources under root.

    Raises:
        SourceError: a file cannot be read as what it should be, or two folders bear one name.

    """
    alone = [Model.from_table(folder, read_toml(folder / "model.toml")) for folder in _folders(root, "models")]
    models = tuple(_with_lengths(model, alone) for model in alone)
    ensembles = tuple(
        Ensemble.from_table(folder, read_toml(folder / "ensemble.toml")) for folder in _folders(root, "ensembles")
    )
    seen: dict[str, Path] = {}
    sources = Sources(root, models, ensembles)
    for unit in sources.units:
        shown = unit.folder.relative_to(root)
        if unit.name in seen:
            raise DuplicateNameError(unit.name, seen[unit.name], shown)
        seen[unit.name] = shown
    return sources


def find(root: Path, name: str) -> Model | Ensemble:
    """Read the one model or pipeline of this name; what is wrong with the others does not matter.

    Raises:
        SourceError: there is none, or it cannot be read as what it should be.

    """
    model, ensemble = root / "models" / name, root / "ensembles" / name
    if (model / "model.toml").is_file():
        return Model.from_table(model, read_toml(model / "model.toml"))
    if (ensemble / "ensemble.toml").is_file():
        return Ensemble.from_table(ensemble, read_toml(ensemble / "ensemble.toml"))
    names = [folder.name for kind in ("models", "ensembles") for folder in _folders(root, kind)]
    raise ValueRefusedError("the name of a model", name, suggestion(name, names))


def read_toml(path: Path) -> dict[str, Any]:
    """Return the tables of a TOML file; its place in errors is the last three parts of its path."""
    place = "/".join(path.parts[-3:])
    if not path.is_file():
        raise MissingSourceError(place, "the file", "every folder beside it is a model or pipeline and has one")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UnreadableError(place, str(error), "mend the TOML") from None


def _with_lengths(model: Model, models: Sequence[Model]) -> Model:
    """Return the model with the lengths of its engine, which another model's buckets may say."""
    if model.engine is None or not model.engine.buckets:
        return model
    lengths = {other.name: other.buckets for other in models if other.buckets}
    if model.engine.buckets not in lengths:
        raise ValueRefusedError(
            f"{model.place}: engine.buckets", model.engine.buckets, suggestion(model.engine.buckets, lengths)
        )
    return replace(model, engine=replace(model.engine, lengths=lengths[model.engine.buckets]))


def _folders(root: Path, kind: str) -> list[Path]:
    folder = root / kind
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith((".", "_")))
