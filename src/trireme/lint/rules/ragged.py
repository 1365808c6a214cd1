"""A ragged input in a model that never batches.

`allow_ragged_batch` lets requests of different shapes into one batch; without `max_batch_size` and a batcher there is
none.

Bad::

    backend: "python"
    input { name: "x" data_type: TYPE_FP32 dims: [ -1 ] allow_ragged_batch: true }

Good::

    backend: "python"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ -1 ] allow_ragged_batch: true }
    dynamic_batching { }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR215"
SEVERITY = "warning"


def check(model: Model) -> Iterator[Problem]:
    """Report each one without a batcher."""
    config = model.config
    batches = config.max_batch_size and (config.HasField("dynamic_batching") or config.HasField("sequence_batching"))
    for number, tensor in enumerate(config.input):
        if tensor.allow_ragged_batch and not batches and not model.completes:
            message = f"'{tensor.name}' allows ragged batches, and the model never batches"
            yield Problem(
                f"input[{number}].allow_ragged_batch", message, "set max_batch_size and dynamic_batching, or leave it out"
            )
