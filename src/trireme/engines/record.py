"""`<plan>.json`: how a plan was made, beside it. `trireme.lint.planfile` reads what the linter needs of it.

A plan runs on the GPU and the TensorRT it was built for. Who is about to load it asks the record first.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FORMAT = 1


@dataclass(frozen=True)
class Record:
    """What a plan was made from and by; gpu is empty for one that was built without."""

    runtime: str
    version: str
    capability: str
    gpu: str
    source: str
    source_sha256: str
    strongly_typed: bool
    precisions: tuple[str, ...]
    profiles: list[Any]
    tensors: Mapping[str, Any] = field(default_factory=dict)
    sha256: str = ""
    seconds: float = 0.0
    date: str = ""

    def asks(self) -> dict[str, Any]:
        """Return what decides the plan: two builds that ask for the same need only one plan."""
        outcome = {"tensors", "sha256", "seconds", "date", "gpu"}
        table: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return {key: value for key, value in table.items() if key not in outcome}

    def to_text(self) -> str:
        """Return the record as JSON."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1) + "\n"


def path_of(plan: Path) -> Path:
    """Return where the record of a plan lies."""
    return plan.with_name(f"{plan.name}.json")


def read(plan: Path) -> Record | None:
    """Return the record beside a plan; None when there is none that this release reads."""
    try:
        table = json.loads(path_of(plan).read_text(encoding="utf-8"))
        if table.pop("format", None) != FORMAT:
            return None
        return Record(**{**table, "precisions": tuple(table["precisions"])})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
