"""`trireme engines`: build what is missing of a repository's engines, keep it, and put it beside the ONNX it came from."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trireme import built, digest, modelconfig, onnxio
from trireme.engines import builder, names, profiles, record
from trireme.engines.record import Record
from trireme.errors import EngineError, MissingSourceError, ValueRefusedError, suggestion
from trireme.gpu import Gpu, capability
from trireme.plan import TREE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tritonclient.grpc.model_config_pb2 import ModelConfig

    from trireme.discover import Sources
    from trireme.engines.recipe import Recipe
    from trireme.engines.runtime import Runtime
    from trireme.spec import Model

CACHE = ".trireme/engines"


@dataclass(frozen=True)
class Job:
    """One engine: the file it is to be, what it is made from, and the record it will have."""

    model: str
    target: str
    plan: Path
    source: Path
    recipe: Recipe
    profiles: tuple[profiles.Profile, ...]
    record: Record

    @property
    def key(self) -> str:
        """Return the digest of all that decides the engine."""
        return digest.of_mapping({name: repr(value) for name, value in self.record.asks().items()})[:16]

    def done(self) -> Record | None:
        """Return the record of the engine that lies there when it is the one that is wanted."""
        found = record.read(self.plan)
        same = found is not None and found.asks() == self.record.asks() and self.plan.is_file()
        return found if same and found and found.sha256 == digest.of_file(self.plan) else None


def jobs(sources: Sources, asked: tuple[str, ...], runtime: Runtime, targets: tuple[str, ...]) -> list[Job]:
    """Return the engines of the models that are asked for, by default of all that have an [engine].

    Raises:
        ValueRefusedError: a model is named that has none.
        EngineError: a model's engine cannot be described.
        MissingSourceError: the tree is not built.

    """
    have = {model.name: model for model in sources.models if model.engine is not None}
    for name in asked:
        if name not in have:
            raise ValueRefusedError("a model with an [engine] table", name, suggestion(name, have))
    wanted = [have[name] for name in asked] if asked else list(have.values())
    return [_job(sources.root / TREE, model, runtime, target) for model in wanted for target in targets]


def make(job: Job, runtime: Runtime, root: Path) -> Record:
    """Build an engine, or take it from an earlier build, and put it in its place with its record.

    Raises:
        EngineError: TensorRT cannot build it.

    """
    kept = root / CACHE / f"{job.model}-{job.target}-{job.key}" / job.plan.name
    found = replace(job, plan=kept).done() or _build(job, kept, runtime, root)
    record.path_of(job.plan).unlink(missing_ok=True)  # a plan never lies beside the record of another
    for path in (kept, record.path_of(kept)):
        beside = job.plan.with_name(f".new-{path.name}")
        shutil.copyfile(path, beside)
        beside.replace(job.plan.with_name(path.name))
    return found


def _build(job: Job, kept: Path, runtime: Runtime, root: Path) -> Record:
    timings = root / CACHE / f"{runtime.name}-{runtime.version}-{job.target}.timings"
    begun = time.monotonic()
    earlier = timings.read_bytes() if timings.is_file() else b""
    made = builder.build(runtime, job.source, job.recipe, job.profiles, job.target, earlier)
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(made.plan)
    beside = timings.with_suffix(".new")
    beside.write_bytes(made.timings)
    beside.replace(timings)
    here = Gpu.here()
    whole = replace(
        job.record,
        gpu=here.name if here and here.capability == job.record.capability else "",
        tensors=made.tensors,
        sha256=digest.of_file(kept),
        seconds=round(time.monotonic() - begun, 2),
        date=time.strftime("%Y-%m-%d"),
    )
    record.path_of(kept).write_text(whole.to_text(), encoding="utf-8")
    return whole


def _job(tree: Path, model: Model, runtime: Runtime, target: str) -> Job:
    assert model.engine is not None  # noqa: S101 - jobs() takes those that have one
    recipe, folder = model.engine, built.newest(tree, model.name)
    source = folder / recipe.source
    if not source.is_file():
        there = [path.name for path in folder.glob("*.onnx")]
        raise MissingSourceError(f"{model.place}: engine.source", recipe.source, suggestion(recipe.source, there))
    config = _served(tree, model)
    graph = onnxio.read(source)
    if graph.problem:
        raise EngineError(f"{model.name}/{recipe.source}", graph.problem, "run `make repo`")
    shapes = profiles.of(config, graph.inputs, recipe.lengths)
    if len(recipe.lengths) > 1 and len(shapes) != len(recipe.lengths):
        raise EngineError(
            f"{model.place}: engine.lengths", f"{recipe.source} leaves no size open but the batch", "leave lengths out"
        )
    if capability(target) not in names.CAPABILITIES:
        raise EngineError(
            model.name, f"no config names a file for {target}", "add its compute capability to trireme.engines.names"
        )
    known = Record(
        runtime.name,
        runtime.version,
        capability(target),
        "",
        recipe.source,
        digest.of_file(source),
        recipe.strongly_typed,
        recipe.precisions,
        profiles.recorded(shapes),
    )
    return Job(model.name, target, folder / names.plan_file(target), source, recipe, shapes, known)


def _served(tree: Path, model: Model) -> ModelConfig:
    """Return the config under which Triton serves the engine."""
    for path in _configs(tree / model.name):
        config = modelconfig.from_text(path.read_text(encoding="utf-8"))
        if config.platform == names.PLATFORM or config.backend == names.BACKEND:
            return config
    remedy = f'write [variants.gpu] with platform = "{names.PLATFORM}" into {model.place}'
    raise EngineError(model.name, "no config of it serves an engine", remedy)


def _configs(folder: Path) -> Iterator[Path]:
    if not (folder / "config.pbtxt").is_file():
        raise MissingSourceError(f"{folder.parent.name}/{folder.name}", "config.pbtxt", "run `make repo` first")
    yield folder / "config.pbtxt"
    yield from sorted((folder / "configs").glob("*.pbtxt"))
