"""`trireme publish`: the built repository with its examples, its bill of materials and a signature, to a folder or a store."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from trireme import artefacts
from trireme.check import check
from trireme.delivery import sbom, store
from trireme.delivery.signing import SIGNATURE, signed
from trireme.errors import DeliveryError
from trireme.lock import LOCK, Lock
from trireme.plan import TREE

if TYPE_CHECKING:
    from trireme.delivery.signing import Signer, Trust
    from trireme.discover import Sources

KEEP = ".keep"
"""In a version folder that is empty, as a pipeline's is: object stores have no folders, and no signature names them."""
LEFT_OUT = shutil.ignore_patterns("__pycache__", ".*", SIGNATURE)
ENGINES = ("*/[0-9]*/model.*.plan", "*/[0-9]*/model.*.plan.json")
"""What `trireme engines` puts into a tree."""


def publish(sources: Sources, target: str, signer: Signer, fetched: Trust | None = None) -> list[str]:
    """Write the repository to a folder or URL, signed; return its files, sorted.

    A published repository never changes: a URL that holds something is refused. A folder that holds a published one is
    replaced whole. Whatever fails leaves the target as it was, or without a signature. A tree that was fetched is taken as
    whom we trust signed it, with the engines that were built since, and is published anew.

    Raises:
        DeliveryError: the tree is not what the sources say, or not what was fetched; or the target holds something else.

    """
    if fetched is not None:
        _check_fetched(sources, fetched)
    elif problems := check(sources):
        raise DeliveryError(TREE, problems[0].splitlines()[0], "run `make repo` first")
    place = store.Place.of(target)
    place.refuse_taken(SIGNATURE)
    with place.staging() as folder:
        staged = Path(folder) / "repository"
        stage(sources, staged)
        signer.sign(staged)
        files = sorted(path.relative_to(staged).as_posix() for path in staged.rglob("*") if path.is_file())
        place.put(staged, files, last=SIGNATURE)
    return files


def stage(sources: Sources, staging: Path) -> None:
    """Copy the built tree, and beside each config the examples that canaries ask."""
    built = sources.root / TREE
    shutil.copytree(built, staging, ignore=LEFT_OUT)
    for unit in sources.units:
        shutil.copy2(unit.folder / "examples.json", staging / unit.name)
        if (unit.folder / "examples").is_dir():
            shutil.copytree(unit.folder / "examples", staging / unit.name / "examples", ignore=LEFT_OUT, dirs_exist_ok=True)
    for version in staging.glob("*/[0-9]*"):
        if version.is_dir() and not any(version.iterdir()):
            (version / KEEP).touch()
    (staging / sbom.NAME).write_text(sbom.text(sources, built, Lock.read(built / LOCK)), encoding="utf-8")


def _check_fetched(sources: Sources, trust: Trust) -> None:
    """Refuse a tree that is not as it was signed, but for engines, or whose versions were made from other sources.

    Raises:
        DeliveryError, LockedVersionError: it is so.

    """
    built = sources.root / TREE
    if not (built / SIGNATURE).is_file():
        trust.verify(built)  # which says what is wrong
    known = signed(built)
    engines = [path.relative_to(built).as_posix() for pattern in ENGINES for path in built.glob(pattern)]
    trust.verify(built, beside=[name for name in engines if name not in known])
    lock = Lock.read(built / LOCK)
    for model in sources.models:
        for version in model.versions:
            lock.check(model, version, artefacts.source_digests(version))
