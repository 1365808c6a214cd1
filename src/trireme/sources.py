"""Python sources of a model, imported from their folder without touching sys.path for anybody else."""

from __future__ import annotations

import ast
import importlib.util
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from trireme.arrays import Array

    Infer = Callable[..., dict[str, Array]]


def load_module(path: Path) -> ModuleType:
    """Import one file under a name of its own, with the neighbours in its folder that it imports.

    Neighbours are forgotten afterwards: another model's `data.py` is another module, and a changed one is read again.
    """
    name = f"trireme_source_{path.parent.name}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        msg = f"{path} is not a Python file"
        raise ImportError(msg)
    module = importlib.util.module_from_spec(spec)
    with _importable(path.parent):
        spec.loader.exec_module(module)
    return module


def load_infer(model: str, root: Path | None = None) -> Infer:
    """Return the `infer` function of models/<model>/infer.py; the root is the working directory's repository."""
    folder = (root or find_root(Path.cwd())) / "models" / model
    infer: Infer = load_module(folder / "infer.py").infer
    return infer


def find_root(start: Path) -> Path:
    """Return the nearest directory, from start upwards, whose models/ holds a model, or else holds models/ at all.

    Raises:
        FileNotFoundError: neither start nor a parent of it holds models/.

    """
    above = [folder for folder in (start.resolve(), *start.resolve().parents) if (folder / "models").is_dir()]
    for folder in above:
        if any((folder / "models").glob("*/model.toml")):
            return folder
    if above:
        return above[0]
    msg = f"no models/ folder in {start} or above it; run this inside a Trireme repository, or name it with --root"
    raise FileNotFoundError(msg)


def asks_others(tree: ast.Module) -> bool:
    """Say whether the code's setup(context) takes context.call: it asks other models of the server."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == "setup" and node.args.args:
            context = node.args.args[0].arg
            uses = (one for one in ast.walk(node) if isinstance(one, ast.Attribute) and one.attr == "call")
            return any(isinstance(one.value, ast.Name) and one.value.id == context for one in uses)
    return False


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in set(sys.modules) - before:
            origin = getattr(sys.modules[name], "__file__", None)
            if origin and Path(origin).parent == folder:
                del sys.modules[name]
