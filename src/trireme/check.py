"""`trireme check`: is the built tree what the sources say, byte for byte, and will it keep its contracts?"""

from __future__ import annotations

import ast
import difflib
from typing import TYPE_CHECKING

from trireme import digest, modelconfig, tree
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
    return [*_texts(target, plan), *_bytes(target, plan), *_foreign(target, plan), *_contracts(target, plan, sources)]


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


def _foreign(target: Path, plan: Plan) -> Iterator[str]:
    """Name what nobody planned: Triton takes every folder of a repository for a model."""
    names = {path.split("/")[0] for path in plan.texts if "/" in path}
    for folder in sorted(target.iterdir()):
        if folder.is_dir() and folder.name not in names:
            yield f"{TREE}/{folder.name} is no model of ours, and Triton would try to load it; remove it"


def _contracts(target: Path, plan: Plan, sources: Sources) -> Iterator[str]:
    """Check what a Python model's infer takes against its config: the names are the contract."""
    for model in sources.models:
        config = modelconfig.from_text(plan.texts[f"{model.name}/config.pbtxt"])
        wanted = {tensor.name for tensor in modelconfig.inputs(config)}
        for version in model.versions:
            path = target / model.name / str(version.number) / "infer.py"
            if path.is_file():
                yield from _signature(path.read_text(encoding="utf-8"), wanted, f"{model.place} version {version.number}")


def _signature(text: str, wanted: set[str], place: str) -> Iterator[str]:
    functions = {node.name: node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
    if "infer" not in functions:
        yield f"{place}: infer.py defines no infer(); write `def infer(*, <input>) -> dict of outputs`"
        return
    arguments = functions["infer"].args
    taken = {argument.arg for argument in (*arguments.args, *arguments.kwonlyargs)}
    for name in sorted(wanted - taken if arguments.kwarg is None else ()):
        yield f"{place}: infer() does not take the input '{name}' that config states; add it"
    for name in sorted(taken - wanted):
        yield f"{place}: infer() takes '{name}', which is no input in config; state it, or remove it"
