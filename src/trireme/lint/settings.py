"""What a model's owner chose not to hear: the `[lint]` table of `lint.toml` beside a config, or of a model.toml.

[lint]
ignore = { TR702 = "the notebooks are read by the training job" }
latency_goal_ms = 50
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from trireme import kinds
from trireme.errors import UnknownKeyError, UnreadableError, ValueRefusedError
from trireme.lint import files, rule

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE = "lint.toml"
MOST_MS = 1e9
KEYS = ("ignore", "latency_goal_ms")


@dataclass(frozen=True)
class Settings:
    """What one model, or a whole repository, sets."""

    ignore: Mapping[str, str] = field(default_factory=dict)
    latency_goal_ms: float | None = None


def read(folder: Path) -> Settings:
    """Return what `lint.toml` in a folder sets; nothing when there is none.

    Raises:
        UnreadableError: it is no TOML.
        UnknownKeyError, ValueRefusedError: it says something that cannot be.

    """
    path = folder / FILE
    if files.exists(path) and not files.is_file(path):
        raise UnreadableError(str(path), "it is no file", "it is TOML with one table, [lint]")
    if not files.is_file(path):
        return Settings()
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UnreadableError(str(path), str(error), "it is TOML with one table, [lint]") from None
    for key in table:
        if key != "lint":
            raise UnknownKeyError(str(path), key, ["lint"])
    return parse(kinds.table(table.get("lint", {}), f"{path}: lint"), f"{path}: lint")


def to_text(settings: Settings, header: str) -> str:
    """Return `lint.toml`, under a line that says where it came from."""
    lines = [header, "[lint]"]
    if settings.ignore:
        entries = ", ".join(f"{code} = {json.dumps(reason, ensure_ascii=False)}" for code, reason in settings.ignore.items())
        lines.append(f"ignore = {{ {entries} }}")
    if settings.latency_goal_ms is not None:
        lines.append(f"latency_goal_ms = {settings.latency_goal_ms}")
    return "\n".join(lines) + "\n"


def parse(table: Mapping[str, Any], place: str) -> Settings:
    """Return what a `[lint]` table sets.

    Raises:
        UnknownKeyError: a key or a code that is none.
        ValueRefusedError: an ignored code without a reason, or a goal that is no time.

    """
    for key in table:
        if key not in KEYS:
            raise UnknownKeyError(place, key, KEYS)
    ignore = kinds.table(table.get("ignore", {}), f"{place}.ignore")
    for code, reason in ignore.items():
        if code not in rule.found():
            raise UnknownKeyError(f"{place}.ignore", code, rule.found())
        if not isinstance(reason, str) or not reason.strip():
            raise ValueRefusedError(f"{place}.ignore.{code}", reason, "say why in a few words: the next reader asks")
    goal = table.get("latency_goal_ms")
    if goal is not None and (isinstance(goal, bool) or not isinstance(goal, (int, float)) or not 0 < goal < MOST_MS):
        raise ValueRefusedError(f"{place}.latency_goal_ms", goal, "it is a time in milliseconds, such as 50")
    return Settings(ignore, goal)
