"""`trireme check`: is the built tree what the sources say, byte for byte?"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from trireme import digest, tree
from trireme.lint import output, releases
from trireme.lint.finding import Severity
from trireme.lint.repository import Options
from trireme.lint.run import lint
from trireme.plan import TREE, make_plan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from trireme.discover import Sources
    from trireme.plan import Plan


def check(sources: Sources) -> list[str]:
    """Return what is wrong with model_repository/, a line (or a diff) each; nothing when all is right.

    Raises:
        SourceError, BuildError: the sources themselves do not build.

    """
    plan = make_plan(sources)
    target = sources.root / TREE
    if not target.is_dir():
        return [f"{TREE}/ is not built; run `make repo`"]
    return [*_texts(target, plan), *_bytes(target, plan), *_foreign(target, plan)] or [*_refused(target)]


def _texts(target: Path, plan: Plan) -> Iterator[str]:
    """Compare each text with what the sources generate now."""
    for path in tree.stale_texts(target, plan):
        found = (target / path).read_text(encoding="utf-8") if (target / path).is_file() else ""
        lines = difflib.unified_diff(
            found.splitlines(),
            plan.texts.get(path, "").splitlines(),
            f"{TREE}/{path}",
            "the sources say",
            lineterm="",
        )
        yield "\n".join(lines)


def _bytes(target: Path, plan: Plan) -> Iterator[str]:
    """Compare each built file with the digest of its artefact; the lock holds the digests of reproducible ones."""
    for (name, number), artefact in plan.artefacts.items():
        for path, wanted in artefact.files.items():
            built = target / name / str(number) / path
            if not built.is_file():
                yield f"{TREE}/{name}/{number}/{path} is missing; run `make repo`"
            elif digest.of_file(built) != wanted:
                yield f"{TREE}/{name}/{number}/{path} was changed after it was built; run `make repo`"
    artefacts = {artefact.folder for artefact in plan.artefacts.values()}
    for path, source in plan.files.items():
        if not artefacts & set(source.parents) and not _same(target / path, source):
            yield f"{TREE}/{path} is not what its source is; run `make repo`"


def _same(built: Path, source: Path) -> bool:
    return built.is_file() and digest.of_file(built) == digest.of_file(source)


def _refused(target: Path) -> Iterator[str]:
    """Name what Triton would refuse, or load and not do as the config says."""
    found = lint(target, Options(releases.pinned(target), gpus=0))
    shown = [finding for finding in found if finding.severity is not Severity.ADVICE]
    if shown:
        yield output.text(shown, TREE)


def _foreign(target: Path, plan: Plan) -> Iterator[str]:
    """Name what nobody planned: Triton takes every folder of a repository for a model, each number for a version."""
    for path in tree.unplanned(target, plan):
        if not path.endswith(".pbtxt"):
            yield f"{TREE}/{path} was not built by us, and Triton may load it; move it out"
    names = {path.split("/")[0] for path in plan.texts if "/" in path}
    for folder in sorted(target.iterdir()):
        if folder.is_dir() and folder.name not in names:
            yield f"{TREE}/{folder.name} is no model of ours, and Triton would try to load it; remove it"
