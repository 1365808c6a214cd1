"""Findings written for people, as JSON, as SARIF 2.1.0, and as GitHub's workflow commands."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING
from urllib.parse import quote

from trireme import __version__
from trireme.lint import rule
from trireme.lint.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from trireme.lint.finding import Finding

LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.ADVICE: "note"}
"""SARIF's names (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html, 3.27.10)."""
COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.ADVICE: "notice"}
"""GitHub's names (https://docs.github.com/actions/reference/workflow-commands-for-github-actions)."""


def text(findings: Sequence[Finding], place: str) -> str:
    """Write a line for each finding: place, code, what is wrong, what to do; and how many there are of each severity."""
    lines = [
        f"{_plain(_join(place, finding.path))}:{finding.line}:{finding.column}: {finding.severity.value} {finding.code} "
        f"{_sentence(finding)}"
        for finding in findings
    ]
    return "\n".join([*lines, summary(findings)])


def summary(findings: Iterable[Finding]) -> str:
    """Return «2 errors, 1 warning», or that nothing was found."""
    severities = [finding.severity for finding in findings]
    counts = {severity: severities.count(severity) for severity in Severity if severity in severities}
    plural = {Severity.ERROR: "errors", Severity.WARNING: "warnings", Severity.ADVICE: "advice"}
    words = [f"{count} {severity.value if count == 1 else plural[severity]}" for severity, count in counts.items()]
    return ", ".join(words) or "nothing found"


def as_json(findings: Sequence[Finding], place: str) -> str:
    """Write a list of objects with every part of a finding."""
    rows = [
        {
            "code": finding.code,
            "severity": finding.severity.value,
            "model": _plain(finding.model),
            "path": _plain(_join(place, finding.path)),
            "line": finding.line,
            "column": finding.column,
            "message": _plain(finding.message),
            "remedy": _plain(finding.remedy),
            "releases": list(finding.releases),
            "fixable": finding.fix is not None,
        }
        for finding in findings
    ]
    return json.dumps(rows, indent=2, ensure_ascii=False)


def sarif(findings: Sequence[Finding], place: str) -> str:
    """Write one run with its rules and results."""
    rules = [
        {
            "id": one.code,
            "name": "".join(word.title() for word in one.name.split("_")),
            "shortDescription": {"text": one.title},
            "help": {"text": one.page},
            "defaultConfiguration": {"level": LEVELS[one.severity]},
        }
        for one in rule.found().values()
    ]
    results = [
        {
            "ruleId": finding.code,
            "level": LEVELS[finding.severity],
            "message": {"text": _sentence(finding)},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": _uri(place, finding.path)},
                        "region": {"startLine": finding.line, "startColumn": finding.column},
                    }
                }
            ],
        }
        for finding in findings
    ]
    driver = {"name": "trireme", "semanticVersion": __version__, "rules": rules}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def github(findings: Sequence[Finding], place: str) -> str:
    """Write a workflow command for each finding, which GitHub shows beside the line."""
    return "\n".join(
        f"::{COMMANDS[finding.severity]} file={_property(_plain(_join(place, finding.path)))},line={finding.line},"
        f"col={finding.column},title={finding.code}::{_data(_sentence(finding))}"
        for finding in findings
    )


FORMATS: Mapping[str, Callable[[Sequence[Finding], str], str]] = {
    "text": text,
    "json": as_json,
    "sarif": sarif,
    "github": github,
}


def _join(place: str, path: str) -> str:
    """Return a finding's path as people type it: from here, unless the repository was named from the root."""
    joined = os.path.join(place, path)  # noqa: PTH118 - Path would not keep what is relative so
    return os.path.normpath(joined) if os.path.isabs(joined) else os.path.relpath(joined)  # noqa: PTH117


def _uri(place: str, path: str) -> str:
    joined = _join(place, path)
    return quote(os.fsencode(joined)) if not joined.startswith("/") else f"file://{quote(os.fsencode(joined))}"


def _plain(words: str) -> str:
    """Write what would break a line, or is no character, as an escape: names of files may hold anything."""
    if words.isprintable():
        return words
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in words)


def _sentence(finding: Finding) -> str:
    return _plain(f"{finding.message}{_releases(finding)}; {finding.remedy}")


def _releases(finding: Finding) -> str:
    return f" [{', '.join(finding.releases)}]" if finding.releases else ""


def _data(words: str) -> str:
    return words.replace("%", "%25")


def _property(words: str) -> str:
    return _data(words).replace(":", "%3A").replace(",", "%2C")
