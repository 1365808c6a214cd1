"""`[latency]` in model.toml or ensemble.toml: how long a request may take at a rate. `make latency` holds the server to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trireme.errors import MissingSourceError, UnknownKeyError, ValueRefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Goal:
    """A p99, and a p50 where it is stated [ms], at so many requests a second."""

    rate: float
    p99_ms: float
    p50_ms: float = float("inf")


def parse(table: Mapping[str, Any], place: str) -> Goal:
    """Return the goal that a table states.

    Raises:
        UnknownKeyError: a key is none of a goal's.
        MissingSourceError: the rate or the p99 is missing.
        ValueRefusedError: a value is no number above 0, or the p50 is above the p99.

    """
    for key, value in table.items():
        if key not in Goal.__dataclass_fields__:
            raise UnknownKeyError(place, key, Goal.__dataclass_fields__)
        if type(value) not in {int, float} or not 0 < value < float("inf"):
            raise ValueRefusedError(f"{place}.{key}", value, "it is a number above 0")
    for key in ("rate", "p99_ms"):
        if key not in table:
            raise MissingSourceError(place, key, "say both a rate [requests a second] and a p99_ms")
    goal = Goal(**table)
    if "p50_ms" in table and goal.p50_ms > goal.p99_ms:
        raise ValueRefusedError(
            f"{place}.p50_ms", goal.p50_ms, f"half of the requests cannot take longer than p99_ms = {goal.p99_ms:g}"
        )
    return goal
