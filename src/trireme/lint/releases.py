"""The releases of Triton: which of them brought which field of ModelConfig, and which a project pins."""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trireme.errors import ValueRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from google.protobuf.message import Message

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

EMBEDDED = "24.10"
"""The release of the server inside the nvidia-pytriton wheel (TRITON facts, §1)."""
PINS = "versions.toml"
RELEASE = re.compile(r"\d\d\.(?:0[1-9]|1[0-2])")


@cache
def table() -> Mapping[str, Any]:
    """Return the table that scripts/releases writes: `oldest`, `newest`, and `since` by full name of a field."""
    return tomllib.loads(Path(__file__).with_name("releases.toml").read_text(encoding="utf-8"))


def since(name: str) -> str:
    """Return the release that brought a field or an enum's value, by its full name."""
    return str(table()["since"].get(name, table()["oldest"]))


def check(release: str) -> str:
    """Return a release as it was given; one newer than all known ones counts as the newest known.

    Raises:
        ValueRefusedError: it is no release, or older than the oldest known.

    """
    if release == "embedded":
        return EMBEDDED
    if not RELEASE.fullmatch(release) or release < table()["oldest"]:
        remedy = f"name a release of Triton from {table()['oldest']} on, such as 24.10, or `embedded`"
        raise ValueRefusedError("--triton", release, remedy)
    return release


def pinned(start: Path) -> tuple[str, ...]:
    """Return the releases that the nearest versions.toml pins, else the embedded one and the newest known."""
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / PINS).is_file():
            found = _pins(folder / PINS)
            if found:
                return tuple(sorted(found))
    return tuple(sorted({EMBEDDED, str(table()["newest"])}))


def _pins(path: Path) -> set[str]:
    """Return the releases of a versions.toml; a stranger's file of that name may say anything, and then pins nothing."""
    try:
        pins = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError):
        return set()
    named = [pin.get("release") for pin in pins.values() if isinstance(pin, dict)]
    return {name for name in named if isinstance(name, str) and RELEASE.fullmatch(name) and name >= table()["oldest"]}


def newer_names(message: Message, releases: Iterable[str], place: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield (path, full name, release that brought it) for what a message sets and the oldest of the releases lacks."""
    oldest = min(releases)
    for field, value in message.ListFields():
        path = f"{place}.{field.name}".lstrip(".")
        if since(field.full_name) > oldest:
            yield path, field.full_name, since(field.full_name)
        is_map = field.message_type is not None and field.message_type.GetOptions().map_entry
        if is_map and field.message_type.fields_by_name["value"].message_type is not None:
            items = [(f"{path}['{key}']", value[key]) for key in value]
        elif is_map:
            continue
        else:
            items = [(f"{path}[{number}]", item) for number, item in enumerate(value)] if field.is_repeated else [(path, value)]
        for where, item in items:
            if field.enum_type is not None and item in field.enum_type.values_by_number:
                scope = f"{field.enum_type.containing_type.full_name}." if field.enum_type.containing_type else ""
                name = scope + field.enum_type.values_by_number[item].name
                if since(name) > oldest:
                    yield where, name, since(name)
            elif field.message_type is not None:
                yield from newer_names(item, releases, where)
