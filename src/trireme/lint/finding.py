"""What a rule says: a problem at a place in a model's config, and the finding it becomes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Severity(str, Enum):
    """How much a finding matters."""

    ERROR = "error"
    """Triton refuses the model, hangs on it, or dies of it."""
    WARNING = "warning"
    """Triton loads the model and it does not do what the config says, or what it will do cannot be known from here."""
    ADVICE = "advice"
    """It works, and costs something that can be had back."""


@dataclass(frozen=True)
class Problem:
    """What is wrong at a place, and what to do.

    at is the path of a field in the config (`input[0].dims`); file and line name another file of the model instead.
    fix is the text to put in the place of the field that `at` names; releases are those concerned when not all are;
    severity is the rule's own unless it is stated; model is the one that a problem of the whole repository is about.
    """

    at: str
    message: str
    remedy: str
    file: Path | None = None
    line: int = 1
    fix: str | None = None
    releases: tuple[str, ...] = ()
    severity: Severity | None = None
    model: str = ""


@dataclass(frozen=True, order=True)
class Finding:
    """One problem with its rule and its place; line and column count from 1."""

    path: str
    line: int
    column: int
    code: str
    severity: Severity
    model: str
    message: str
    remedy: str
    fix: str | None = field(default=None, compare=False)
    at: str = field(default="", compare=False)
    releases: tuple[str, ...] = ()
