"""A pipeline in one process, beside the ensemble that it is: a tree of its own, in which it can be measured."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from trireme import built, modelconfig
from trireme.oneprocess import build as oneprocess
from trireme.plan import TREE

if TYPE_CHECKING:
    from pathlib import Path

    from trireme.discover import Sources
    from trireme.spec import Ensemble

START = {"instance_group": [{"count": 1}], "dynamic_batching": {}}
"""What a variant begins with that is not there yet."""


def lay_out(sources: Sources, pipeline: Ensemble, variant: str, tree: Path) -> dict[str, str]:
    """Make a tree in which a pipeline is one process under a variant's name, and the other models are those of the built tree.

    Returns the version of each model that is in it.

    Raises:
        WiringError: a step needs Triton.
        MissingSourceError: the pipeline is not built.

    """
    there = sources.root / TREE
    wired = built.config(there, pipeline.name)
    alone = replace(pipeline, variants={variant: pipeline.variants.get(variant, START)})
    models = {model.name: model for model in sources.models}
    config = oneprocess.config(alone, wired, variant)
    files = oneprocess.files(alone, wired, lambda *names: built.config(there, *names), models, tree / ".steps")
    folder = tree / pipeline.name / "1"
    folder.mkdir(parents=True)
    for name, path in files.items():
        shutil.copyfile(path, folder / name)
    (folder.parent / "config.pbtxt").write_text(modelconfig.to_text(config, pipeline.place), encoding="utf-8")
    for path in there.iterdir():
        if path.is_dir() and path.name != pipeline.name:
            (tree / path.name).symlink_to(path.resolve())
    return oneprocess.members(folder, variant)
