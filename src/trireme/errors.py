"""Every error Trireme raises on purpose. Each class takes values and writes the sentence: place, value, remedy.

TriremeError                    exit code 2 at the command line, one line, no traceback
├── SourceError                 models/ or ensembles/ say something that cannot be built
│   ├── UnknownKeyError         a key that is not one of ours, or not one of Triton's
│   ├── ValueRefusedError       a key that is known, with a value that cannot be
│   ├── UnreadableError         a file that is not what its name says
│   ├── MissingSourceError      a file or folder that has to be there
│   ├── DuplicateNameError      two models of one name
│   ├── WiringError             an edge of an ensemble that does not fit
│   └── LockedVersionError      the sources of a published version changed
├── BuildError                  the sources are right and what is built is not
│   ├── ExportFailedError       export.py or gate.py raised
│   ├── GateFailedError         a measured value is under its gate
│   ├── ChangedBytesError       a published version came out with other bytes from the same sources
│   ├── ForeignFileError        the tree holds files that no build wrote, and would lose them
│   ├── LintFailedError         Triton would refuse what was built
│   └── StaleTextError          a committed text is not what the sources say (build --locked)
├── EdgeError                   a unit that only Triton can run
├── EngineError                 an engine that cannot be built, or not here
├── BenchError                  a measurement that cannot be made here, or does not count
├── TuneError                   what cannot be tuned
│   └── GoalError               a goal that no setting keeps
├── DeliveryError               a repository that is not published, or not what was signed
├── ClusterError                a manifest that cannot be right, or a tool that is not here
├── ServerError                 the server cannot be started, or died
└── CallError                   a request that was refused, by the client or by the server
    ├── InputRefusedError       an input the model's metadata rules out
    ├── NotServedError          the model or the version is not there
    ├── DeadlineError           no answer in time
    └── UnreachableError        nobody listens at the address
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from trireme.lint.finding import Finding


class TriremeError(Exception):
    """Anything Trireme refuses on purpose; `str()` is one line for a person."""


class SourceError(TriremeError):
    """models/ or ensembles/ say something that cannot be built."""


class UnknownKeyError(SourceError):
    """A key that is not one of ours, or not one of Triton's."""

    def __init__(self, place: str, key: str, known: Iterable[str]) -> None:
        super().__init__(f"{place}: unknown key '{key}'; {suggestion(key, known)}")


class ValueRefusedError(SourceError):
    """A key that is known, with a value that cannot be."""

    def __init__(self, place: str, value: object, remedy: str) -> None:
        super().__init__(f"{place}: {value!r} is refused; {remedy}")


class UnreadableError(SourceError):
    """A file that is not what its name says."""

    def __init__(self, place: str, reason: str, remedy: str) -> None:
        super().__init__(f"{place} cannot be read: {reason.rstrip('.')}; {remedy}")


class MissingSourceError(SourceError):
    """A file or folder that has to be there."""

    def __init__(self, place: str, missing: str, remedy: str) -> None:
        super().__init__(f"{place}: {missing} is missing; {remedy}")


class DuplicateNameError(SourceError):
    """Two models of one name: Triton would serve neither."""

    def __init__(self, name: str, first: Path, second: Path) -> None:
        if first == second:
            super().__init__(f"{first} exists already; choose another name")
        else:
            super().__init__(f"{second}: the name '{name}' is taken by {first}; rename one of the two folders")


class WiringError(SourceError):
    """An edge of an ensemble that does not fit."""

    def __init__(self, place: str, problem: str, remedy: str) -> None:
        super().__init__(f"{place}: {problem}; {remedy}")


class LockedVersionError(SourceError):
    """The sources of a published version changed."""

    def __init__(self, place: str, version: int, changed: Iterable[str], free: int) -> None:
        files = ", ".join(changed)
        super().__init__(
            f"{place}: version {version} is published and its sources changed ({files}); set version = {free} in {place}, "
            f"or `trireme build --relock {place.split('/')[1]}` if nobody was given it",
        )


class BuildError(TriremeError):
    """The sources are right and what is built is not."""


class ExportFailedError(BuildError):
    """export.py or gate.py raised; the last line of what it printed says why."""

    def __init__(self, place: str, last_line: str, log: Path) -> None:
        super().__init__(f"{place}: {last_line}; the whole output is in {log}")


class GateFailedError(BuildError):
    """A measured value is under its gate."""

    def __init__(self, place: str, measure: str, value: float, gate: float) -> None:
        super().__init__(
            f"{place}: gate.{measure}: measured {value:.6g}, and at least {gate:.6g} is asked for; mend the artefact",
        )


class ChangedBytesError(BuildError):
    """A published version came out with other bytes from the same sources."""

    def __init__(self, place: str, version: int, changed: Iterable[str], packages: Mapping[str, str]) -> None:
        made_with = ", ".join(f"{name} {found}" for name, found in packages.items()) or "other packages"
        super().__init__(
            f"{place}: version {version} came out with other bytes ({', '.join(changed)}) than were published; "
            f"build with {made_with}, or set reproducible = false for the next version",
        )


class ForeignFileError(BuildError):
    """The tree holds files that no build wrote."""

    def __init__(self, tree: str, paths: Sequence[str]) -> None:
        more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""  # noqa: PLR2004 - enough to recognise them
        super().__init__(
            f"{tree}: {', '.join(paths[:3])}{more} was not built here and would be lost; move it out, the tree is built whole",
        )


class LintFailedError(BuildError):
    """Triton would refuse what was built; takes the findings of `trireme.lint` that are errors."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        first = findings[0]
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        place = f"{first.path}:{first.line}:{first.column}"
        super().__init__(f"Triton would refuse {place}: {first.code} {first.message}; {first.remedy}{more}")


class StaleTextError(BuildError):
    """A committed text is not what the sources say."""

    def __init__(self, paths: Iterable[str]) -> None:
        super().__init__(f"not what the sources say: {', '.join(paths)}; run `make repo` and commit the result")


class EdgeError(TriremeError):
    """A unit that only Triton can run."""

    def __init__(self, unit: str, problem: str, remedy: str) -> None:
        super().__init__(f"{unit}: {problem}; {remedy}")


class EngineError(TriremeError):
    """An engine that cannot be built, or not here."""

    def __init__(self, place: str, problem: str, remedy: str) -> None:
        super().__init__(f"{place}: {problem}; {remedy}")


class BenchError(TriremeError):
    """A measurement that cannot be made here, or does not count."""

    def __init__(self, what: str, problem: str, remedy: str) -> None:
        super().__init__(f"{what}: {problem}; {remedy}")


class TuneError(TriremeError):
    """What cannot be tuned."""

    def __init__(self, unit: str, problem: str, remedy: str) -> None:
        super().__init__(f"{unit}: {problem}; {remedy}")


class GoalError(TuneError):
    """A goal that no setting keeps."""


class DeliveryError(TriremeError):
    """A repository that is not published, or not what was signed."""

    def __init__(self, place: str, problem: str, remedy: str) -> None:
        super().__init__(f"{place}: {problem}; {remedy}")


class ClusterError(TriremeError):
    """A manifest that cannot be right, or a tool that is not here."""

    def __init__(self, place: str, problem: str, remedy: str) -> None:
        super().__init__(f"{place}: {problem}; {remedy}")


class ServerError(TriremeError):
    """The server cannot be started, or died."""


class CallError(TriremeError):
    """A request that was refused, by the client or by the server."""


class InputRefusedError(CallError):
    """An input the model's metadata rules out."""

    def __init__(self, model: str, name: str, problem: str) -> None:
        super().__init__(f"{model}: input '{name}': {problem}")


class NotServedError(CallError):
    """The model or the version is not there."""


class DeadlineError(CallError):
    """No answer in time."""


class UnreachableError(CallError):
    """Nobody listens at the address."""


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return «did you mean 'x'?» when a known word is near, else the list of the known."""
    words = sorted(known)
    near = difflib.get_close_matches(word, words, n=1)
    if near:
        return f"did you mean '{near[0]}'?"
    return f"known are: {', '.join(words)}" if words else "there is none"
