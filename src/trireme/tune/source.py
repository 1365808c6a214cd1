"""Write a tuned variant into model.toml or ensemble.toml, which keeps comments and order, and the evidence beside it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import tomlkit

from trireme import modelconfig
from trireme.files import replace
from trireme.tune import evidence

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write(folder: Path, variant: str, table: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    """Write [variants.<variant>] and its evidence; both files are replaced whole."""
    place = evidence.path_of(folder, variant)
    place.parent.mkdir(exist_ok=True)
    replace(place, json.dumps(found, indent=1) + "\n")
    write_variant(folder, variant, table, f"why: trireme why {folder.name}")


def write_variant(folder: Path, variant: str, table: Mapping[str, Any], origin: str) -> None:
    """Write [variants.<variant>] of model.toml or ensemble.toml; origin is said in a comment where the variant is new.

    What the variant says of other things than the table's stays; a table that is there is merged with.
    """
    path = _toml(folder)
    document: Any = tomlkit.parse(path.read_text(encoding="utf-8"))
    variants = document.setdefault("variants", tomlkit.table(is_super_table=True))
    fresh = variant not in variants
    section = variants.setdefault(variant, tomlkit.table())
    for key, value in modelconfig.overlay(section.unwrap(), table).items():
        if section.get(key) != value:
            section[key] = _inline(value)
    if fresh:
        section.comment(f"tritonserver --model-config-name={variant}; {origin}")
    replace(path, tomlkit.dumps(document))


def forget(folder: Path, variant: str) -> None:
    """Take [variants.<variant>], which is there, and its evidence away."""
    path = _toml(folder)
    document: Any = tomlkit.parse(path.read_text(encoding="utf-8"))
    del document["variants"][variant]
    if not document["variants"]:
        del document["variants"]
    replace(path, tomlkit.dumps(document))
    evidence.path_of(folder, variant).unlink(missing_ok=True)


def _toml(folder: Path) -> Path:
    """Return what says of a folder what is in it."""
    pipeline = folder / "ensemble.toml"
    return pipeline if pipeline.is_file() else folder / "model.toml"


def _inline(value: Any) -> Any:  # noqa: ANN401 - TOML
    """Return tables of one line, as people write them in model.toml."""
    if isinstance(value, dict):
        table = tomlkit.inline_table()
        table.update({key: _inline(one) for key, one in value.items()})
        return table
    if isinstance(value, list):
        array = tomlkit.array()
        array.extend(_inline(one) for one in value)
        return array
    return value
