"""A rule, as its module states it; the rules are found by being there."""

from __future__ import annotations

import importlib
import pkgutil
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from trireme.lint import rules
from trireme.lint.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from trireme.lint.finding import Problem
    from trireme.lint.repository import Model, Repository

BLOCK = re.compile(r"^(?P<kind>Bad|Good)(?: \((?P<note>[^)]*)\))?::\n\n(?P<body>(?:    .*\n|\n)+)", re.MULTILINE)


@dataclass(frozen=True)
class Rule:
    """One rule: a module of `trireme.lint.rules` with a docstring, CODE, SEVERITY, TRITON and at least one of three checks.

    check(model) sees a config that parses; check_folder(model) sees every folder; check_repository(repository, notes) sees
    it whole, with what note(model) said of each config that parses.
    TRITON is a pattern of what Triton says, empty when it says nothing.
    """

    name: str
    code: str
    severity: Severity
    title: str
    page: str
    triton: str
    check: Callable[[Model], Iterator[Problem]] | None
    check_folder: Callable[[Model], Iterator[Problem]] | None
    note: Callable[[Model], Any] | None
    check_repository: Callable[[Repository, Mapping[str, Any]], Iterator[Problem]] | None


@cache
def found() -> Mapping[str, Rule]:
    """Return every rule by its code, in the order of codes."""
    names = [module.name for module in pkgutil.iter_modules(rules.__path__)]
    made = [_rule(name, importlib.import_module(f"{rules.__name__}.{name}")) for name in names]
    return {rule.code: rule for rule in sorted(made, key=lambda rule: rule.code)}


def _rule(name: str, module: Any) -> Rule:  # noqa: ANN401 - a module
    title, _, page = module.__doc__.partition("\n")
    return Rule(
        name,
        module.CODE,
        Severity(module.SEVERITY),
        title.rstrip("."),
        page.strip("\n") + "\n",
        getattr(module, "TRITON", ""),
        getattr(module, "check", None),
        getattr(module, "check_folder", None),
        getattr(module, "note", None),
        getattr(module, "check_repository", None),
    )
