"""`trireme lint`: from the command line's words to findings, a text and an exit code."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trireme.errors import MissingSourceError, UnknownKeyError, ValueRefusedError
from trireme.lint import files, output, releases, rule
from trireme.lint import fix as mending
from trireme.lint.finding import Severity
from trireme.lint.repository import CONFIG, Options, Repository, version_of
from trireme.lint.run import Choice, lint

if TYPE_CHECKING:
    from trireme.lint.finding import Finding

SIZE = re.compile(r"(?P<number>[0-9]{1,15})(?P<unit>[kmg]?)i?b?", re.IGNORECASE)
UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


@dataclass(frozen=True)
class Asked:
    """What the command line asks for, in its own words."""

    path: Path
    releases: tuple[str, ...] = ()
    select: str = ""
    ignore: str = ""
    gpus: int | None = None
    backends: str | None = None
    shm_size: str = "64m"
    latency_goal: float | None = None
    variant: str | None = None
    agents: str | None = None
    elsewhere: str = ""


def run(asked: Asked, style: str = "text", *, fix: bool = False) -> tuple[str, int]:
    """Return what to print and the exit code: 0 nothing but advice, 1 errors or warnings.

    Raises:
        SourceError: the path is not there, or an option says something that cannot be.

    """
    if not files.exists(asked.path) and not files.is_link(asked.path):
        raise MissingSourceError(str(asked.path), "the repository", "name a folder of models, or run `make repo` first")
    whole = Path(os.path.abspath(asked.path))  # noqa: PTH100 - links stay: Triton names a model by its folder
    root, only = (whole.parent, whole.name) if _is_model(asked.path) else (asked.path, "")
    _check_variant(root, asked.variant)
    findings = lint(root, options(asked), _choice(asked), only=only, variant=asked.variant)
    shown = []
    if fix:
        for path, text, diff in mending.diffs(root, findings):
            mending.write(path, text)
            shown.append(diff)
        findings = lint(root, options(asked), _choice(asked), only=only, variant=asked.variant) if shown else findings
        shown = shown if style == "text" else []
    place = str(root) if asked.path.is_absolute() and not root.is_relative_to(Path.cwd()) else os.path.relpath(root)
    shown.append(output.FORMATS[style](findings, place))
    return "\n".join(part for part in shown if part), int(_matters(findings))


def _check_variant(root: Path, variant: str | None) -> None:
    known = Repository(root).variants() if variant else ()
    if variant and variant not in known:
        raise UnknownKeyError("--model-config-name", variant, known)


def page(code: str) -> str:
    """Return a rule's page.

    Raises:
        UnknownKeyError: there is no such rule.

    """
    one = rule.found().get(code.upper())
    if one is None:
        raise UnknownKeyError("--explain", code, rule.found())
    return f"{one.code} ({one.severity.value}): {one.title}\n\n{one.page}"


def options(asked: Asked) -> Options:
    """Return what is known of the server."""
    size = SIZE.fullmatch(asked.shm_size.strip())
    if size is None:
        raise ValueRefusedError("--shm-size", asked.shm_size, "write a number of bytes, or one with k, m or g, such as 64m")
    wanted = tuple(sorted({releases.check(release) for release in asked.releases})) or releases.pinned(asked.path)
    return Options(
        wanted,
        gpus=asked.gpus,
        backends=_names(asked.backends),
        agents=_names(asked.agents),
        shm_bytes=int(size["number"]) * UNITS[size["unit"].lower()],
        latency_goal_ms=asked.latency_goal,
        elsewhere=_names(asked.elsewhere) or (),
    )


def _names(words: str | None) -> tuple[str, ...] | None:
    return None if words is None else tuple(name.strip() for name in words.split(",") if name.strip())


def _choice(asked: Asked) -> Choice:
    chosen = {}
    for name in ("select", "ignore"):
        codes = tuple(code.strip().upper() for code in getattr(asked, name).split(",") if code.strip())
        for code in codes:
            if not any(known.startswith(code) for known in rule.found()):
                raise UnknownKeyError(f"--{name}", code, rule.found())
        chosen[name] = codes
    return Choice(**chosen)


def _is_model(path: Path) -> bool:
    """Say whether a path is one model: it holds a config, or versions that are no models with configs of their own."""
    if files.is_file(path / CONFIG):
        return True
    folders = files.listing(path).folders
    return any(version_of(name) is not None for name in folders) and not any(
        files.is_file(path / name / CONFIG) for name in folders
    )


def _matters(findings: list[Finding]) -> bool:
    return any(finding.severity is not Severity.ADVICE for finding in findings)
