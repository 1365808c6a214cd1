"""A built tree, read: a model's config, its newest version, and a Python model's function as the adapter would call it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from trireme import modelconfig
from trireme.errors import MissingSourceError
from trireme.sources import load_module

if TYPE_CHECKING:
    from pathlib import Path

    from tritonclient.grpc.model_config_pb2 import ModelConfig

    from trireme.sources import Infer


def config(tree: Path, name: str, variant: str = "") -> ModelConfig:
    """Return the config of a built model, as --model-config-name=<variant> has it served.

    Raises:
        MissingSourceError: the tree holds none of the name.

    """
    path = tree / name / "config.pbtxt"
    if not path.is_file():
        raise MissingSourceError(f"{tree.name}/{name}", "config.pbtxt", "run `make repo` first")
    named = path.parent / "configs" / f"{variant}.pbtxt"
    path = named if variant and named.is_file() else path
    return modelconfig.from_text(path.read_text(encoding="utf-8"))


def newest(tree: Path, name: str) -> Path:
    """Return the folder of a built model's newest version.

    Raises:
        MissingSourceError: it has none.

    """
    folders = [path for path in (tree / name).glob("*") if path.name.isdecimal()]
    if not folders:
        raise MissingSourceError(f"{tree.name}/{name}", "a version", "run `make repo` first")
    return max(folders, key=lambda path: int(path.name))


def infer(tree: Path, name: str) -> Infer:
    """Return the function of a built Python model's newest version, set up as the adapter does."""
    folder = newest(tree, name)
    module: Any = load_module(folder / "infer.py")
    if hasattr(module, "setup"):
        parameters = {key: value.string_value for key, value in config(tree, name).parameters.items()}
        module.setup(SimpleNamespace(folder=folder, parameters=parameters))
    function: Infer = module.infer
    return function
