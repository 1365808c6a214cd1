"""Build the repository: nothing when nothing changed, the whole tree or none of it otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trireme import artefacts, tree
from trireme.errors import LintFailedError, StaleTextError
from trireme.lint import releases
from trireme.lint.finding import Severity
from trireme.lint.repository import Options
from trireme.lint.run import lint
from trireme.plan import CACHE, TREE, make_plan

if TYPE_CHECKING:
    from pathlib import Path

    from trireme.discover import Sources
    from trireme.plan import Plan, Watch


@dataclass(frozen=True)
class Built:
    """What a build did: the plan it followed and the paths that were not as planned before."""

    plan: Plan
    changed: tuple[str, ...]


def check_repository(tree: Path) -> None:
    """Refuse a tree that a server would refuse: any of the pinned releases, and a laptop without a GPU.

    Raises:
        LintFailedError: with the first finding.

    """
    found = [finding for finding in lint(tree, Options(releases.pinned(tree), gpus=0)) if finding.severity is Severity.ERROR]
    if found:
        raise LintFailedError(found)


def build(sources: Sources, *, locked: bool = False, relock: tuple[str, ...] = (), watch: Watch | None = None) -> Built:
    """Bring model_repository/ up to date.

    locked refuses to change a committed text (config.pbtxt, repo.lock); relock forgets the published versions of some
    models first, for versions that nobody was given yet.

    Raises:
        SourceError, BuildError: the old tree stays as it was.

    """
    plan = make_plan(sources, relock=relock, watch=watch)
    target = sources.root / TREE
    changed = tree.differences(target, plan)
    if locked and (stale := tree.stale_texts(target, plan)):
        raise StaleTextError(f"{TREE}/{path}" for path in stale)
    if changed:
        tree.replace(target, plan, check_repository)
        for model in sources.models:
            kept = [artefact for (name, _), artefact in plan.artefacts.items() if name == model.name]
            artefacts.prune(model, kept, sources.root / CACHE)
    return Built(plan, tuple(changed))
