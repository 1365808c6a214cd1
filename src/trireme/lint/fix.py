"""Mend what has one right answer: replace a field's value, or take a field out."""

from __future__ import annotations

import difflib
import os
import re
import tempfile
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from trireme.lint.text import Places

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from trireme.lint.finding import Finding


def diffs(root: Path, findings: Iterable[Finding]) -> Iterator[tuple[Path, str, str]]:
    """Yield (path, mended text, unified diff) of each config that has a finding with a fix."""
    fixable = sorted(finding for finding in findings if finding.fix is not None)
    for name, found in groupby(fixable, key=lambda finding: finding.path):
        path = root / name
        try:
            before = path.read_bytes().decode()
        except UnicodeDecodeError:
            continue  # TR005 says so; what cannot be read cannot be written back
        after = mend(before, list(found))
        if after != before:
            lines = difflib.unified_diff(
                before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{name}", f"b/{name}"
            )
            yield path, after, "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def mend(text: str, findings: Sequence[Finding]) -> str:
    """Return a config with each finding's fix in the place of the field; an empty fix takes the whole field out."""
    places = Places(text)
    edits: dict[tuple[int, int], str] = {}
    for finding in findings:
        span = places.span(finding.at)
        if span is not None and finding.fix is not None:
            edits[span if finding.fix else _whole(text, *span)] = finding.fix
    last = len(text)
    for (start, end), value in sorted(edits.items(), reverse=True):
        if end <= last:  # edits that overlap are left for the next run
            text, last = text[:start] + value + text[end:], start
    return text


def write(path: Path, text: str) -> None:
    """Replace a file by its mended text, or leave it as it was."""
    path = path.resolve()
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
        Path(name).chmod(path.stat().st_mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _whole(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span of a field with its separator, and its line when nothing else is on it."""
    if match := re.match(r"[ \t]*[,;]", text[end:]):
        end += match.end()
    line = text.rfind("\n", 0, start) + 1
    rest = re.match(r"[ \t]*(?:\n|$)", text[end:])
    if rest and not text[line:start].strip():
        return line, end + rest.end()
    return start, end
