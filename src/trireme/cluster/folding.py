"""One template out of several texts: lines that all share stand as they are, what a choice changes under its condition."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from typing import TYPE_CHECKING

from trireme.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    Lines = tuple[str, ...]
    Hunk = tuple[int, int, Lines]
    """Lines of the base from one number to another, and what stands for them."""

ON, OFF = "true", "false"


@dataclass(frozen=True)
class Axis:
    """One value of a chart that chooses among texts; the base is what its first choice makes."""

    value: str
    """Its path in values.yaml, such as `delivery.road`."""
    choices: tuple[str, ...]

    def among(self, chosen: Iterable[str]) -> str:
        """Return the condition that the value is one of these."""
        found = [one for one in self.choices if one in set(chosen)]
        name = f".Values.{self.value}"
        if set(self.choices) == {ON, OFF}:
            return name if found == [ON] else f"not {name}"
        others = [one for one in self.choices if one not in found]
        if len(others) == 1 < len(found):
            return f'ne {name} "{others[0]}"'
        return f"eq {name} " + " ".join(f'"{one}"' for one in found)


def fold(place: str, base: Lines, texts: Mapping[Axis, Mapping[str, Lines]]) -> list[str]:
    """Return the lines of a template that makes of a choice of each axis what its text says; no text ends with an empty line.

    Raises:
        ClusterError: two axes change the same lines of place.

    """
    base = _whole(base)
    found = {axis: {choice: _whole(lines) for choice, lines in changed.items()} for axis, changed in texts.items()}
    blocks = sorted(block for axis, changed in found.items() for block in _blocks(axis, base, changed))
    for (_, end, _), (start, _, _) in pairwise(blocks):
        if start < end:
            raise ClusterError(place, f"two choices change its line {base[start].strip()!r}", "make them one, or a hole")
    lines: list[str] = []
    done = 0
    for start, end, template in blocks:
        lines += [*base[done:start], *template]
        done = end
    return "\n".join([*lines, *base[done:]]).split("\n")


def guarded(condition: str, lines: Sequence[str]) -> list[str]:
    """Return lines that are there under a condition."""
    return [f"{{{{- if {condition} }}}}", *lines, "{{- end }}"]


def _whole(lines: Iterable[str]) -> Lines:
    """Return lines, each with the empty ones before it: `{{-` eats what is empty before it, so nothing may be there."""
    found: list[str] = []
    empty = ""
    for line in lines:
        if line.strip():
            found.append(empty + line)
            empty = ""
        else:
            empty += line + "\n"
    return tuple(found)


def _blocks(axis: Axis, base: Lines, texts: Mapping[str, Lines]) -> Iterator[Hunk]:
    """Yield the parts of the base that some choice of an axis changes, each with its template."""
    hunks = {choice: list(_hunks(base, texts.get(choice, base))) for choice in axis.choices}
    for start, end in _joined((start, end) for found in hunks.values() for start, end, _ in found):
        parts: dict[Lines, list[str]] = {}
        for choice, found in hunks.items():
            inside = [hunk for hunk in found if start <= hunk[0] and hunk[1] <= end]
            parts.setdefault(_applied(base, start, end, inside), []).append(choice)
        yield start, end, tuple(_chain(axis, parts))


def _hunks(base: Lines, lines: Lines) -> Iterator[Hunk]:
    """Yield what differs."""
    for tag, start, end, first, last in SequenceMatcher(None, base, lines, autojunk=False).get_opcodes():
        if tag != "equal":
            yield start, end, lines[first:last]


def _joined(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return ranges of lines, those that touch as one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _applied(base: Lines, start: int, end: int, hunks: Iterable[Hunk]) -> Lines:
    lines: list[str] = []
    for first, last, changed in hunks:
        lines += [*base[start:first], *changed]
        start = last
    return (*lines, *base[start:end])


def _chain(axis: Axis, parts: Mapping[Lines, list[str]]) -> list[str]:
    """Return each part under its condition; what all of several begin and end with is written once."""
    there = {part: choices for part, choices in parts.items() if part}
    every = [choice for choices in there.values() for choice in choices]
    if len(there) == 1:
        return guarded(axis.among(every), next(iter(there)))
    head = _alike(list(there))
    tail = _alike([part[head:][::-1] for part in there])
    own = {axis.among(choices): part[head : len(part) - tail] for part, choices in there.items()}
    word, inner = "if", []
    for number, (condition, part) in enumerate(own.items(), 1):
        last = number == len(own) and all(own.values())
        inner += ["{{- else }}" if last else f"{{{{- {word} {condition} }}}}", *part] if part else []
        word = "else if" if inner else "if"
    first = next(iter(there))
    lines = [*first[:head], *inner, "{{- end }}", *first[len(first) - tail :]]
    return lines if len(every) == len(axis.choices) else guarded(axis.among(every), lines)


def _alike(parts: Sequence[Lines]) -> int:
    """Return how many lines all begin with alike."""
    return next((number for number, lines in enumerate(zip(*parts, strict=False)) if len(set(lines)) > 1), min(map(len, parts)))
