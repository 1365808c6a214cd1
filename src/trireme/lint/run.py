"""Apply the rules to a repository: each model under each choice of variants, members before the ensembles made of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from trireme.lint import rule, settings
from trireme.lint.finding import Finding, Severity
from trireme.lint.repository import Model, Options, Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from trireme.lint.finding import Problem
    from trireme.lint.rule import Rule

MOST = 100
"""Findings of one rule in one model: nobody reads more, and a broken file may have a million."""


@dataclass(frozen=True)
class Choice:
    """Which findings to show: codes or beginnings of codes; without a selection, all."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def takes(self, code: str) -> bool:
        """Say whether findings of a code are shown."""
        return (not self.select or code.startswith(self.select)) and not (self.ignore and code.startswith(self.ignore))


def lint(
    path: Path, options: Options | None = None, choice: Choice | None = None, *, only: str = "", variant: str | None = None
) -> list[Finding]:
    """Return the findings of a repository (or of one model in it), in the order of places.

    Every choice of variants is checked, or one (`variant`, empty for none). A variant is for machines of its own, so what is
    known of the server's GPUs is not held against it.

    Raises:
        SourceError: a `lint.toml` that is none.

    """
    options, choice = options or Options(), choice or Choice()
    plain = Repository(path, options)
    own = {name: settings.read(path / name).ignore for name in ("", *plain.models)}
    findings: dict[Finding, None] = {}
    for name in ("", *plain.variants()) if variant is None else (variant,):
        view = plain if not name else Repository(path, replace(options, gpus=None), name, None if variant else plain)
        view.refused.update(plain.refused)
        view.notes.update({code: dict(notes) for code, notes in plain.notes.items()})
        for finding in _view(view, lambda finding: _is_heard(finding, own, choice.ignore)):
            findings.setdefault(finding)  # of two that differ in their fix alone, the base's
    return sorted(finding for finding in findings if choice.takes(finding.code) and only in {"", finding.model})


def _is_heard(finding: Finding, own: Mapping[str, Mapping[str, str]], ignored: tuple[str, ...]) -> bool:
    """Say whether nobody chose not to hear it: neither the caller, nor the repository, nor the model's owner."""
    return not (
        (ignored and finding.code.startswith(ignored)) or finding.code in own[""] or finding.code in own.get(finding.model, ())
    )


def _view(repository: Repository, is_heard: Callable[[Finding], bool]) -> Iterator[Finding]:
    """Check the repository under one choice of variants: the models that differ from the base, where there is one."""
    known = tuple(rule.found().values())
    for model in repository.members_first():
        if model.repository is repository:
            repository.refused.pop(model.name, None)
            yield from check_model(model, known, is_heard)
            for one in known:
                notes = repository.notes.setdefault(one.code, {})
                notes.pop(model.name, None)
                if one.note is not None and not model.broken:
                    notes[model.name] = one.note(model)
    for one in known:
        if one.check_repository is not None:
            problems = one.check_repository(repository, repository.notes.get(one.code, {}))
            yield from filter(is_heard, (_found(one, None, repository, problem) for problem in problems))


def check_model(model: Model, known: Iterable[Rule], is_heard: Callable[[Finding], bool]) -> Iterator[Finding]:
    """Yield what the rules find in one model, and note in the repository whether Triton will refuse it."""
    for one in known:
        for check in (one.check_folder, None if model.broken else one.check):
            problems = list(islice(check(model), MOST + 1)) if check is not None else []
            for problem in problems[:MOST]:
                finding = _found(one, model, model.repository, problem)
                if is_heard(finding):
                    if finding.severity is Severity.ERROR:
                        model.repository.refused.setdefault(model.name, finding.code)
                    yield finding
            if len(problems) > MOST:
                message = f"there are more than {MOST} of these, and the others are not shown"
                summary = _found(one, model, model.repository, replace(problems[0], message=message, fix=None))
                yield from filter(is_heard, (summary,))


def _found(one: Rule, model: Model | None, repository: Repository, problem: Problem) -> Finding:
    """Return the finding that a problem is, with its place."""
    line, column = problem.line, 1
    if model is None:
        path = problem.file or repository.path
    elif problem.file is not None:
        path = problem.file
    else:
        path = model.config_path if model.read[0] else model.path
        if not model.broken and model.read[0]:
            line, column = model.places.at(problem.at)
        elif model.parsed[1] is not None:
            line, column = model.parsed[1].line, model.parsed[1].column
    shown = path.relative_to(repository.path).as_posix() if path != repository.path else "."
    severity, name = problem.severity or one.severity, model.name if model else problem.model
    finding = Finding(shown, line, column, one.code, severity, name, problem.message, problem.remedy)
    fixable = model is not None and problem.fix is not None and model.places.span(problem.at) is not None
    return replace(finding, fix=problem.fix if fixable else None, at=problem.at, releases=problem.releases)
