"""What a value read from TOML or JSON has to be; each function returns it so, or says what it is asked to be."""

from __future__ import annotations

from typing import Any

from trireme.errors import ValueRefusedError


def table(value: object, place: str) -> dict[str, Any]:
    """Return a table (an object, in JSON).

    Raises:
        ValueRefusedError: it is something else.

    """
    if not isinstance(value, dict):
        raise ValueRefusedError(place, value, "it is a table")
    return value


def items(value: object, place: str) -> list[Any]:
    """Return a list.

    Raises:
        ValueRefusedError: it is something else.

    """
    if not isinstance(value, list):
        raise ValueRefusedError(place, value, "it is a list")
    return value


def names(value: object, place: str) -> tuple[str, ...]:
    """Return a list of names.

    Raises:
        ValueRefusedError: it is something else.

    """
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueRefusedError(place, value, "it is a list of names")
    return tuple(value)
