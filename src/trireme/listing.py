"""`trireme list`: a line a model or pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme import modelconfig
from trireme.plan import TREE
from trireme.spec import Model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.discover import Sources
    from trireme.spec import Ensemble
    from trireme.tensors import Tensor

SHOWN = 4
"""Tensors of one side on a line."""


def rows(sources: Sources) -> Iterator[str]:
    """Yield name, versions and backend, then what goes in and what comes out where the model is built."""
    for name in sources.names:
        unit = sources.unit(name)
        path = sources.root / TREE / name / "config.pbtxt"
        if not path.is_file():
            yield f"{name:24} {_versions(unit):8} not built"
            continue
        config = modelconfig.from_text(path.read_text(encoding="utf-8"))
        sides = [_joined(side(config)) for side in (modelconfig.inputs, modelconfig.outputs)]
        yield f"{name:24} {_versions(unit):8} {config.backend or config.platform:12} {sides[0]} -> {sides[1]}"


def _joined(tensors: tuple[Tensor, ...]) -> str:
    more = f", and {len(tensors) - SHOWN} more" if len(tensors) > SHOWN else ""
    return ", ".join(map(str, tensors[:SHOWN])) + more


def _versions(unit: Model | Ensemble) -> str:
    numbers = [version.number for version in unit.versions] if isinstance(unit, Model) else [1]
    return f"v{','.join(map(str, numbers))}"
