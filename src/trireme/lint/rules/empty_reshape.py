"""An empty reshape in a model that does not batch.

`reshape { shape: [ ] }` takes away the only dimension, so that nothing but the batch is left; without a batch nothing
is left.

Bad::

    backend: "python"
    input { name: "x" data_type: TYPE_FP32 dims: [ 1 ] reshape { shape: [ ] } }

Good::

    backend: "python"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 1 ] reshape { shape: [ ] } }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR208"
SEVERITY = "error"
TRITON = r"cannot have empty reshape for non-batching"


def check(model: Model) -> Iterator[Problem]:
    """Report each one in a model with max_batch_size 0."""
    for at, _, tensor in walk.tensors(model):
        if tensor.HasField("reshape") and not tensor.reshape.shape and model.config.max_batch_size == 0:
            message = f"'{tensor.name}' is reshaped to nothing, and the model does not batch"
            yield Problem(f"{at}.reshape", message, "set max_batch_size, or reshape to [ 1 ]")
