"""A reshape that changes the number of elements.

Both sides hold the same elements, counted between the dimensions that vary: `[ 2, 4, -1, 6 ]` may become `[ 8, -1, 1,
6 ]`.

Bad::

    backend: "python"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 4 ] reshape { shape: [ 2, 3 ] } }

Bad (a size that varies)::

    backend: "python"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ -1, 4 ] reshape { shape: [ 4, -1 ] } }

Good::

    backend: "python"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 4 ] reshape { shape: [ 2, 2 ] } }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR210"
SEVERITY = "error"
WRAP = 1 << 64
"""Triton multiplies in 64 bits, without looking at what does not fit."""
TRITON = r"has different (size|number of variable-size dimensions) for dims and reshape"


def check(model: Model) -> Iterator[Problem]:
    """Compare the products of the sizes between those that vary."""
    for at, _, tensor in walk.tensors(model):
        dims, shape = list(tensor.dims), list(tensor.reshape.shape)
        if not tensor.HasField("reshape") or not dims or any(dim < 1 and dim != -1 for dim in (*dims, *shape)):
            continue
        if _products(dims) != _products(shape):
            message = f"'{tensor.name}' has dims {walk.shape(dims)} and is reshaped to {walk.shape(shape)}"
            yield Problem(f"{at}.reshape", message, "both hold the same number of elements")


def _products(dims: list[int]) -> list[int]:
    products = [1]
    for dim in dims:
        if dim == -1:
            products.append(1)
        else:
            products[-1] = products[-1] * dim % WRAP
    return products
