"""A tensor without dims.

Dims leave the batch out when `max_batch_size` is above 0. A scalar is `dims: [ 1 ]`, with `reshape { shape: [ ] }`
where the model wants it without a dimension.

Bad::

    backend: "python"
    input { name: "x" data_type: TYPE_FP32 }

Good::

    backend: "python"
    input { name: "x" data_type: TYPE_FP32 dims: [ 1 ] }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR203"
SEVERITY = "error"
TRITON = r"must specify 'dims'"


def check(model: Model) -> Iterator[Problem]:
    """Report each tensor without dims, where nobody fills them in."""
    for at, _, tensor in walk.tensors(model):
        if not tensor.dims and not model.completes:
            yield Problem(at, f"'{tensor.name}' has no dims", "add dims: [ ... ], -1 for a size that varies")
