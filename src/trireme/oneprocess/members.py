"""Which models a pipeline in one process is made of, read from its built table. The linter asks: nothing heavy is imported."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def steps_file(variant: str) -> str:
    """Return the name of a variant's table, which lies in the pipeline's version folder."""
    return f"steps.{variant}.json"


def members(folder: Path, variant: str) -> tuple[tuple[str, int], ...]:
    """Return the models whose files a pipeline's variant runs, with their versions; folder is that of its own version.

    Raises:
        OSError, ValueError, KeyError: the variant is not in one process, or its table is none.

    """
    made = json.loads((folder / steps_file(variant)).read_text(encoding="utf-8"))
    return tuple((step["name"], int(step["folder"].rpartition("/")[2])) for step in made["steps"])
