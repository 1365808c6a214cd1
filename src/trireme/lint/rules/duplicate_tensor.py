"""Two tensors of one name.

Triton loads the model and keeps one of the two; which one is not said anywhere.

Bad::

    backend: "python"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    input { name: "x" data_type: TYPE_INT32 dims: [ 3 ] }

Good::

    backend: "python"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR211"
SEVERITY = "warning"


def check(model: Model) -> Iterator[Problem]:
    """Report every name that was there before on the same side."""
    seen = set()
    for at, side, tensor in walk.tensors(model):
        if tensor.name and (side, tensor.name) in seen:
            yield Problem(f"{at}.name", f"there are two {side}s '{tensor.name}'", "rename one, or remove it")
        seen.add((side, tensor.name))
