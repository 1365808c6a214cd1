"""A reshaped dimension of 0 or less.

Bad::

    backend: "python"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 4 ] reshape { shape: [ 0, 4 ] } }

Good::

    backend: "python"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 4 ] reshape { shape: [ 1, 4 ] } }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR209"
SEVERITY = "error"
TRITON = r"reshape dimensions must be integer >= 1"


def check(model: Model) -> Iterator[Problem]:
    """Report each dimension that is neither a size nor -1."""
    for at, _, tensor in walk.tensors(model):
        for number, dim in enumerate(tensor.reshape.shape):
            if dim < 1 and dim != -1:
                remedy = "write a size, or -1 for one that varies"
                yield Problem(f"{at}.reshape.shape[{number}]", f"'{tensor.name}' is reshaped to a dimension of {dim}", remedy)
