"""A unit as a folder for a machine without Triton: its ONNX files, its Python steps, and a small runner.

The runner needs onnxruntime and numpy; requirements.txt adds what a Python step imports. The ONNX file is the one that the base
config serves: int8, where a model has it.
"""

from __future__ import annotations

import ast
import json
import shutil
import sys
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trireme import built, digest, modelconfig, pipeline
from trireme.errors import EdgeError, ForeignFileError
from trireme.oneprocess import table
from trireme.oneprocess.table import Step
from trireme.plan import TREE
from trireme.sources import asks_others
from trireme.tree import swap
from trireme.worker import ADAPTER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tritonclient.grpc.model_config_pb2 import ModelConfig

    from trireme.discover import Sources

RUNNER = Path(__file__).with_name("run.py")
BUNDLE = "bundle.json"
CACHED = "__pycache__"
NOT_TAKEN = ("model.py", CACHED)
"""What a version folder holds for Triton alone."""


@dataclass(frozen=True)
class Part:
    """One step of the unit, and the built folder that its files come from."""

    step: Step
    folder: Path


def write(sources: Sources, unit: str, out: Path) -> tuple[Path, ...]:
    """Write the bundle of a built unit into a folder; return its files. The folder is replaced whole, or stays as it was.

    Raises:
        EdgeError: a step can only be run by Triton.
        MissingSourceError: the unit is not built.
        ForeignFileError: the folder holds something else.

    """
    out = out.resolve()
    if strangers := _strangers(out):
        raise ForeignFileError(str(out), strangers)
    tree = sources.root / TREE
    config = built.config(tree, unit)
    parts = list(_parts(tree, unit, config))
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as name:
        making = Path(name) / out.name
        making.mkdir()
        for part in parts:
            _copy(part, making / part.step.name)
        (making / "requirements.txt").write_text("".join(f"{row}\n" for row in _requirements(parts)), encoding="utf-8")
        for path in (RUNNER, table.RUNNER):
            shutil.copyfile(path, making / path.name)
        files = _files(making)
        told = _table(unit, config, parts) | {"files": [*map(str, files), BUNDLE]}
        (making / BUNDLE).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        swap(making, out)
    return tuple(sorted([*files, Path(BUNDLE)]))


def _files(folder: Path) -> list[Path]:
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file() and CACHED not in path.parts)


def _strangers(out: Path) -> list[str]:
    """Return what lies in the folder and is not of an earlier bundle: writing anew would lose it."""
    if not out.exists():
        return []
    present = _files(out) if out.is_dir() else [Path(out.name)]
    try:
        own = set(json.loads((out / BUNDLE).read_text(encoding="utf-8"))["files"])
    except (OSError, ValueError, KeyError, TypeError):
        own = set()
    return [str(path) for path in present if str(path) not in own]


def _parts(tree: Path, unit: str, config: ModelConfig) -> Iterator[Part]:
    rows = [(row.model_name, row.model_version, dict(row.input_map), dict(row.output_map)) for row in pipeline.steps(config)]
    if not rows:
        same = [{tensor.name: tensor.name for tensor in side} for side in (config.input, config.output)]
        rows = [(unit, -1, same[0], same[1])]
    for name, version, input_map, output_map in rows:
        folder = tree / name / str(version) if version > 0 else built.newest(tree, name)
        part = Part(Step(name, built.config(tree, name), name, input_map, output_map), folder)
        _check(unit, part)
        yield part


def _check(unit: str, part: Part) -> None:
    """Refuse a step that needs Triton, or more than onnxruntime and Python."""
    step, folder = part.step, part.folder
    if problem := step.problem():
        raise EdgeError(unit, *problem)
    if step.kind == "onnx" and not (folder / step.file).is_file():
        raise EdgeError(unit, f"{step.name} has no {step.file}", "export it as ONNX")
    if step.kind == "python":
        if not (folder / "infer.py").is_file() or digest.of_file(folder / "model.py") != digest.of_file(ADAPTER):
            raise EdgeError(unit, f"{step.name} has a model.py of its own, which is Triton's", "write an infer.py")
        if any(asks_others(tree) for tree in _code(part)):
            raise EdgeError(unit, f"{step.name} asks other models of the server (context.call)", "bundle those by themselves")


def _copy(part: Part, out: Path) -> None:
    if part.step.kind == "onnx":
        out.mkdir()
        shutil.copyfile(part.folder / part.step.file, out / part.step.file)
    else:
        shutil.copytree(part.folder, out, ignore=shutil.ignore_patterns(*NOT_TAKEN))


def _table(unit: str, config: ModelConfig, parts: list[Part]) -> dict[str, Any]:
    types = {tensor.name: tensor.data_type.removeprefix("TYPE_") for tensor in modelconfig.inputs(config)}
    outputs = [tensor.name for tensor in config.output]
    steps = table.make([part.step for part in parts], outputs, batched=config.max_batch_size > 0)
    return {"unit": unit, "inputs": types, **steps}


def _code(part: Part) -> list[ast.Module]:
    """Return the step's Python files but the adapter."""
    paths = (path for path in part.folder.rglob("*.py") if path.name not in NOT_TAKEN)
    return [ast.parse(path.read_text(encoding="utf-8")) for path in sorted(paths)]


def _requirements(parts: list[Part]) -> list[str]:
    """Return what the runner and the Python steps import, at the versions of this environment."""
    wanted = {"numpy", "onnxruntime"}
    known = metadata.packages_distributions()
    for part in parts:
        if part.step.kind == "python":
            for node in (node for tree in _code(part) for node in ast.walk(tree)):
                named = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                named += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                tops = {name.partition(".")[0] for name in named} - set(sys.stdlib_module_names)
                wanted |= {known[top][0] for top in tops if top in known}
    return sorted(_pinned(name) for name in wanted)


def _pinned(name: str) -> str:
    """Return a requirement at the version of this environment; a package that is here under another name stays open."""
    try:
        return f"{name}=={metadata.version(name)}"
    except metadata.PackageNotFoundError:
        return name
