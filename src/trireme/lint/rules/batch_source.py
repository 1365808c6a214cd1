"""A batch input or output that does not name one source.

Every kind of `batch_input` and `batch_output` is computed from exactly one input of the model.

Bad::

    backend: "python"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ -1 ] allow_ragged_batch: true }
    dynamic_batching { }
    batch_input { kind: BATCH_ELEMENT_COUNT target_name: "size" data_type: TYPE_FP32 }

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

CODE = "TR212"
SEVERITY = "error"
TRITON = r"expects 1 source input"


def check(model: Model) -> Iterator[Problem]:
    """Count the sources."""
    for side in ("batch_input", "batch_output"):
        for number, entry in enumerate(getattr(model.config, side)):
            if len(entry.source_input) != 1:
                message = f"a {side} has {len(entry.source_input)} sources, and takes one"
                yield Problem(f"{side}[{number}]", message, 'write source_input: "..." once')
