"""Apply the rules to a repository: each model under each choice of variants, members before the ensembles made of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trireme.lint import rule, settings
from trireme.lint.finding import Finding, Severity
from trireme.lint.repository import Model, Options, Repository

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from trireme.lint.finding import Problem
    from trireme.lint.rule import Rule


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
    findings: set[Finding] = set()
    for name in ("", *plain.variants()) if variant is None else (variant,):
        view = plain if not name else Repository(path, replace(options, gpus=None), name)
        findings.update(_view(view))
    own = {name: settings.read(path / name).ignore for name in plain.models}
    own[""] = settings.read(path).ignore
    shown = (
        finding
        for finding in findings
        if choice.takes(finding.code)
        and finding.code not in own[""]
        and finding.code not in own.get(finding.model, ())
        and only in {"", finding.model}
    )
    return sorted(shown)


def _view(repository: Repository) -> Iterator[Finding]:
    """Check the repository under one choice of variants."""
    known = tuple(rule.found().values())
    for one in known:
        if one.check_repository is not None:
            yield from (_found(one, None, repository, problem) for problem in one.check_repository(repository))
    for model in repository.members_first():
        yield from check_model(model, known)


def check_model(model: Model, known: Iterable[Rule]) -> Iterator[Finding]:
    """Yield what the rules find in one model, and note in the repository whether Triton will refuse it."""
    for one in known:
        for check in (one.check_folder, None if model.broken else one.check):
            for problem in check(model) if check is not None else ():
                finding = _found(one, model, model.repository, problem)
                if finding.severity is Severity.ERROR:
                    model.repository.refused.setdefault(model.name, finding.code)
                yield finding


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
    finding = Finding(shown, line, column, one.code, one.severity, model.name if model else "", problem.message, problem.remedy)
    return replace(finding, fix=problem.fix, at=problem.at, releases=problem.releases)
