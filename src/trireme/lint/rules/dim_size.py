"""A dimension of 0 or less.

Bad::

    backend: "python"
    input { name: "x" data_type: TYPE_FP32 dims: [ 0 ] }

Good::

    backend: "python"
    input { name: "x" data_type: TYPE_FP32 dims: [ -1 ] }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR204"
SEVERITY = "error"
TRITON = r"(?<!reshape )dimension must be integer >= 1"


def check(model: Model) -> Iterator[Problem]:
    """Report each dimension that is neither a size nor -1."""
    for at, _, tensor in walk.tensors(model):
        for number, dim in enumerate(tensor.dims):
            if dim < 1 and dim != -1:
                remedy = "write a size, or -1 for one that varies"
                yield Problem(f"{at}.dims[{number}]", f"'{tensor.name}' has a dimension of {dim}", remedy)
