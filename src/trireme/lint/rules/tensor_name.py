"""A tensor without a name.

Bad::

    backend: "python"
    input { data_type: TYPE_FP32 dims: [ 3 ] }

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

CODE = "TR201"
SEVERITY = "error"
TRITON = r"must specify 'name'"


def check(model: Model) -> Iterator[Problem]:
    """Report each tensor without one."""
    for at, side, tensor in walk.tensors(model):
        if not tensor.name:
            yield Problem(at, f"an {side} has no name", 'add name: "..."')
