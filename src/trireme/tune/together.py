"""A pipeline in one process, beside the ensemble that it is: a tree of its own, in which it can be measured."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from trireme import built, modelconfig
from trireme.oneprocess import build as oneprocess
from trireme.oneprocess.members import members
from trireme.plan import TREE
from trireme.tune import edges

if TYPE_CHECKING:
    from pathlib import Path

    from tritonclient.grpc.model_config_pb2 import ModelConfig

    from trireme.discover import Sources
    from trireme.spec import Ensemble
    from trireme.tune.edges import Lengths


def lay_out(
    sources: Sources, pipeline: Ensemble, variant: str, tree: Path, lengths: Lengths = ()
) -> tuple[tuple[str, int], ...]:
    """Make a tree in which a pipeline is one process under a variant's name, and the other models are those of the built tree.

    Its models pad to their own lengths, or to those given. Returns the models that are in it, with their versions.

    Raises:
        WiringError: a step needs Triton.
        MissingSourceError: the pipeline is not built.

    """
    there = sources.root / TREE
    wired = built.config(there, pipeline.name)
    start: dict[str, Any] = {"instance_group": [{"count": 1}]} | ({"dynamic_batching": {}} if wired.max_batch_size > 1 else {})
    alone = replace(pipeline, variants={variant: pipeline.variants.get(variant, start)})
    models = {model.name: model for model in sources.models}

    def served(name: str, variant: str) -> ModelConfig:
        config = built.config(there, name, variant if name in models else "")  # a pipeline among them is refused as what it is
        return edges.padded(config, lengths)

    config = oneprocess.config(alone, wired, variant)
    files = oneprocess.files(alone, wired, served, models, tree / ".steps")
    folder = tree / pipeline.name / "1"
    folder.mkdir(parents=True)
    for name, path in files.items():
        shutil.copyfile(path, folder / name)
    (folder.parent / "config.pbtxt").write_text(modelconfig.to_text(config, pipeline.place), encoding="utf-8")
    for path in there.iterdir():
        if path.is_dir() and path.name != pipeline.name:
            (tree / path.name).symlink_to(path.resolve())
    return members(folder, variant)
