"""The built tree on disk: compared with a plan, and replaced whole. The only module that writes it."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from trireme import digest
from trireme.engines import record
from trireme.errors import ForeignFileError
from trireme.lock import LOCK, Lock
from trireme.modelconfig import HEADER
from trireme.oneprocess import build as oneprocess

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator

    from trireme.plan import Plan

IGNORED = "__pycache__"
"""The server's stubs write it beside model.py (TRITON facts, §1)."""
ENGINES = (".plan", ".plan.json")
"""An engine and its record belong to the GPU they were built for: a build carries them over."""


def differences(tree: Path, plan: Plan) -> list[str]:
    """Return the paths that are missing, foreign or other than planned; cheap: files are compared by size and time."""
    return sorted({*stale_texts(tree, plan), *_stale_files(tree, plan), *unplanned(tree, plan)})


def stale_texts(tree: Path, plan: Plan) -> list[str]:
    """Return the texts that are missing or not as planned, and config texts that no source stands behind."""
    stale = {path for path, text in plan.texts.items() if _read(tree / path) != text}
    present = {path.relative_to(tree).as_posix() for path in tree.glob("**/*.pbtxt")} if tree.is_dir() else set()
    return sorted(stale | (present - set(plan.texts)))


def foreign(tree: Path, plan: Plan) -> list[str]:
    """Return the files that no build of ours wrote, by the tree's own lock."""
    published = {
        f"{name}/{number}/{path}"
        for name, versions in Lock.read(tree / LOCK).versions.items()
        for number, entry in versions.items()
        for path in entry["files"]
    }
    ours = (_is_our_text, _is_our_code)
    return [path for path in unplanned(tree, plan) if path not in published and not any(own(tree / path) for own in ours)]


def replace(tree: Path, plan: Plan, verify: Callable[[Path], None]) -> None:
    """Write the plan into a sibling, verify that, and rename it in; whatever fails before that leaves the old tree.

    Raises:
        ForeignFileError: the tree holds files that no build wrote, which replacing it would lose.
        BuildError: what verify raises of the new tree.

    """
    if strangers := foreign(tree, plan):
        raise ForeignFileError(tree.name, strangers)
    tree.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(dir=tree.parent, prefix=f".{tree.name}-"))
    try:
        _write(staging, plan)
        _carry_over(tree, staging)
        verify(staging)
        swap(staging, tree)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _write(staging: Path, plan: Plan) -> None:
    staging.chmod(0o755)
    for path, text in plan.texts.items():
        (staging / path).parent.mkdir(parents=True, exist_ok=True)
        (staging / path).write_text(text, encoding="utf-8")
    for path, source in plan.files.items():
        (staging / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, staging / path)
    for folder in plan.folders:
        (staging / folder).mkdir(parents=True, exist_ok=True)


def swap(staging: Path, tree: Path) -> None:
    """Put staging in the tree's place; the old tree comes back when that fails."""
    retired = staging.with_name(f"{staging.name}-old")
    try:
        if tree.exists():
            tree.rename(retired)
        staging.rename(tree)
    finally:
        if retired.exists() and not tree.exists():
            retired.rename(tree)
    shutil.rmtree(retired, ignore_errors=True)


def _carry_over(tree: Path, staging: Path) -> None:
    """Take engines along into the version folders that stay, but for those whose record names another source."""
    for engine in tree.glob("*/*/*.plan"):
        folder, made = staging / engine.parent.relative_to(tree), record.read(engine)
        source = folder / made.source if made else None
        stale = made and source and not (source.is_file() and digest.of_file(source) == made.source_sha256)
        if stale or not folder.is_dir() or engine.name.startswith(".") or (folder / engine.name).exists():
            continue
        for path in (engine, record.path_of(engine)):
            if path.is_file():
                shutil.copy2(path, folder)


def _stale_files(tree: Path, plan: Plan) -> Iterator[str]:
    for path, source in plan.files.items():
        there, wanted = _stat(tree / path), _stat(source)
        if there is None or wanted is None or (there.st_size, there.st_mtime_ns) != (wanted.st_size, wanted.st_mtime_ns):
            yield path
    yield from (folder for folder in plan.folders if not (tree / folder).is_dir())


def unplanned(tree: Path, plan: Plan) -> Iterator[str]:
    """Yield the files that are not in the plan, engines of planned versions excepted."""
    known = {*plan.texts, *plan.files}
    versions = {path.rpartition("/")[0] for path in plan.files}
    for path in sorted(tree.rglob("*")):
        relative = path.relative_to(tree)
        engine = path.name.endswith(ENGINES) and relative.parent.as_posix() in versions
        if path.is_file() and IGNORED not in relative.parts and not engine and relative.as_posix() not in known:
            yield relative.as_posix()


def _is_our_text(path: Path) -> bool:
    if path.suffix not in {".pbtxt", ".toml"}:
        return False
    return path.read_bytes().startswith(HEADER.encode())


def _is_our_code(path: Path) -> bool:
    """Say whether it is a file by which a pipeline runs in one process: they follow from sources, and no lock names them."""
    if oneprocess.is_table(path):
        return True
    return path.name in oneprocess.CODE and digest.of_file(path) == digest.of_file(oneprocess.CODE[path.name])


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None
