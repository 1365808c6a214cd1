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

from trireme import modelconfig
from trireme.errors import CallError, EdgeError, ForeignFileError
from trireme.plan import TREE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tritonclient.grpc.model_config_pb2 import ModelConfig

    from trireme.discover import Sources

RUNNER = Path(__file__).with_name("run.py")
BUNDLE = "bundle.json"
NOT_TAKEN = ("model.py", "__pycache__")
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
        CallError: the unit is not built.
        ForeignFileError: the folder holds something else.

    """
    if out.exists() and any(out.iterdir()) and not (out / BUNDLE).is_file():
        raise ForeignFileError(str(out), sorted(path.name for path in out.iterdir()))
    tree = sources.root / TREE
    config = _config(tree, unit)
    steps = list(_steps(tree, unit, config))
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as name:
        making = Path(name) / out.name
        making.mkdir()
        for step in steps:
            _copy(step, making / step.name)
        (making / BUNDLE).write_text(json.dumps(_table(unit, config, steps), indent=1) + "\n", encoding="utf-8")
        (making / "requirements.txt").write_text("".join(f"{row}\n" for row in _requirements(steps)), encoding="utf-8")
        shutil.copyfile(RUNNER, making / RUNNER.name)
        shutil.rmtree(out, ignore_errors=True)
        making.rename(out)
    return tuple(sorted(path.relative_to(out) for path in out.rglob("*") if path.is_file()))


def _config(tree: Path, name: str) -> ModelConfig:
    path = tree / name / "config.pbtxt"
    if not path.is_file():
        message = f"{tree.name} holds no '{name}'; run `make repo` first"
        raise CallError(message)
    return modelconfig.from_text(path.read_text(encoding="utf-8"))


def _steps(tree: Path, unit: str, config: ModelConfig) -> Iterator[Step]:
    rows = [
        (row.model_name, row.model_version, dict(row.input_map), dict(row.output_map))
        for row in config.ensemble_scheduling.step
    ]
    if not rows:
        same = [{tensor.name: tensor.name for tensor in side} for side in (config.input, config.output)]
        rows = [(unit, -1, same[0], same[1])]
    for name, version, input_map, output_map in rows:
        own = _config(tree, name)
        numbers = [int(path.name) for path in (tree / name).iterdir() if path.name.isdecimal()]
        step = Step(name, own, tree / name / str(version if version > 0 else max(numbers)), input_map, output_map)
        _check(unit, step)
        yield step


def _check(unit: str, step: Step) -> None:
    """Refuse a step that needs Triton, or more than onnxruntime and Python."""
    if step.kind == "onnx" and not (step.folder / step.file).is_file():
        raise EdgeError(unit, f"{step.name} has no {step.file}", "export it as ONNX")
    if step.kind not in {"onnx", "python"}:
        raise EdgeError(unit, f"{step.name} is run by the backend '{step.config.backend}'", "export it as ONNX")
    if step.kind == "python":
        names = {node.attr for node in ast.walk(_code(step)) if isinstance(node, ast.Attribute)}
        if "call" in names:
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
        }
        for step in steps
    ]
    outputs = [tensor.name for tensor in config.output]
    return {"unit": unit, "batched": config.max_batch_size > 0, "inputs": types, "outputs": outputs, "steps": rows}


def _code(step: Step) -> ast.Module:
    return ast.parse((step.folder / "infer.py").read_text(encoding="utf-8"))


def _requirements(steps: list[Step]) -> list[str]:
    """Return what the runner and the Python steps import, at the versions of this environment."""
    wanted = {"numpy", "onnxruntime"}
    known = metadata.packages_distributions()
    for step in steps:
        if step.kind == "python":
            for node in ast.walk(_code(step)):
                named = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                named += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                tops = {name.partition(".")[0] for name in named} - set(sys.stdlib_module_names)
                wanted |= {known[top][0] for top in tops if top in known}
    return sorted(f"{name}=={metadata.version(name)}" for name in wanted)
