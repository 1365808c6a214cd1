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
from trireme.plan import TREE
from trireme.tree import swap
from trireme.worker import ADAPTER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tritonclient.grpc.model_config_pb2 import ModelConfig

    from trireme.discover import Sources

RUNNER = Path(__file__).with_name("run.py")
BUNDLE = "bundle.json"
CACHED = "__pycache__"
NOT_TAKEN = ("model.py", CACHED)
"""What a version folder holds for Triton alone."""


@dataclass(frozen=True)
class Step:
    """One model of the unit, and how its tensors are called in the pipeline."""

    name: str
    config: ModelConfig
    folder: Path
    input_map: Mapping[str, str]
    output_map: Mapping[str, str]

    @property
    def kind(self) -> str:
        """Return what runs it: onnx or python."""
        backend: str = self.config.backend
        return {"onnxruntime": "onnx", "tensorrt": "onnx"}.get(backend, backend)

    @property
    def file(self) -> str:
        """Return the name of its ONNX file."""
        named: str = self.config.default_model_filename
        return named if named.endswith(".onnx") else "model.onnx"


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
    steps = list(_steps(tree, unit, config))
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as name:
        making = Path(name) / out.name
        making.mkdir()
        for step in steps:
            _copy(step, making / step.name)
        (making / "requirements.txt").write_text("".join(f"{row}\n" for row in _requirements(steps)), encoding="utf-8")
        shutil.copyfile(RUNNER, making / RUNNER.name)
        files = _files(making)
        table = _table(unit, config, steps) | {"files": [*map(str, files), BUNDLE]}
        (making / BUNDLE).write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
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


def _steps(tree: Path, unit: str, config: ModelConfig) -> Iterator[Step]:
    rows = [(row.model_name, row.model_version, dict(row.input_map), dict(row.output_map)) for row in pipeline.steps(config)]
    if not rows:
        same = [{tensor.name: tensor.name for tensor in side} for side in (config.input, config.output)]
        rows = [(unit, -1, same[0], same[1])]
    for name, version, input_map, output_map in rows:
        own = built.config(tree, name)
        folder = tree / name / str(version) if version > 0 else built.newest(tree, name)
        step = Step(name, own, folder, input_map, output_map)
        _check(unit, step)
        yield step


def _check(unit: str, step: Step) -> None:
    """Refuse a step that needs Triton, or more than onnxruntime and Python."""
    if step.kind == "onnx" and not (step.folder / step.file).is_file():
        raise EdgeError(unit, f"{step.name} has no {step.file}", "export it as ONNX")
    if step.config.HasField("ensemble_scheduling"):
        raise EdgeError(unit, f"its step {step.name} is a pipeline", "bundle that by itself")
    if step.kind not in {"onnx", "python"}:
        raise EdgeError(unit, f"{step.name} is run by the backend '{step.config.backend}'", "export it as ONNX")
    if step.kind == "python":
        if not (step.folder / "infer.py").is_file() or digest.of_file(step.folder / "model.py") != digest.of_file(ADAPTER):
            raise EdgeError(unit, f"{step.name} has a model.py of its own, which is Triton's", "write an infer.py")
        if any(_asks(tree) for tree in _code(step)):
            raise EdgeError(unit, f"{step.name} asks other models of the server (context.call)", "bundle those by themselves")
        if step.config.model_transaction_policy.decoupled or step.config.HasField("sequence_batching"):
            raise EdgeError(unit, f"{step.name} is decoupled or takes sequences", "only one answer a request is bundled")


def _copy(step: Step, out: Path) -> None:
    if step.kind == "onnx":
        out.mkdir()
        shutil.copyfile(step.folder / step.file, out / step.file)
    else:
        shutil.copytree(step.folder, out, ignore=shutil.ignore_patterns(*NOT_TAKEN))


def _table(unit: str, config: ModelConfig, steps: list[Step]) -> dict[str, Any]:
    types = {tensor.name: tensor.data_type.removeprefix("TYPE_") for tensor in modelconfig.inputs(config)}
    rows = [
        {
            "name": step.name,
            "kind": step.kind,
            "file": step.file if step.kind == "onnx" else "infer.py",
            "parameters": {key: value.string_value for key, value in step.config.parameters.items()},
            "input_map": dict(step.input_map),
            "output_map": dict(step.output_map),
            "types": {tensor.name: tensor.data_type.removeprefix("TYPE_") for tensor in modelconfig.outputs(step.config)},
        }
        for step in steps
    ]
    outputs = [tensor.name for tensor in config.output]
    return {"unit": unit, "inputs": types, "outputs": outputs, "steps": rows}


def _code(step: Step) -> list[ast.Module]:
    """Return the step's Python files but the adapter."""
    paths = (path for path in step.folder.rglob("*.py") if path.name not in NOT_TAKEN)
    return [ast.parse(path.read_text(encoding="utf-8")) for path in sorted(paths)]


def _asks(tree: ast.Module) -> bool:
    """Say whether setup(context) takes context.call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == "setup" and node.args.args:
            context = node.args.args[0].arg
            uses = (one for one in ast.walk(node) if isinstance(one, ast.Attribute) and one.attr == "call")
            return any(isinstance(one.value, ast.Name) and one.value.id == context for one in uses)
    return False


def _requirements(steps: list[Step]) -> list[str]:
    """Return what the runner and the Python steps import, at the versions of this environment."""
    wanted = {"numpy", "onnxruntime"}
    known = metadata.packages_distributions()
    for step in steps:
        if step.kind == "python":
            for node in (node for tree in _code(step) for node in ast.walk(tree)):
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
