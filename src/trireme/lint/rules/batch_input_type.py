"""A batch input of another type than TYPE_INT32 or TYPE_FP32.

Bad::

    backend: "python"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ -1 ] allow_ragged_batch: true }
    dynamic_batching { }
    batch_input { kind: BATCH_ELEMENT_COUNT target_name: "size" data_type: TYPE_INT64 source_input: "x" }

Good::

    backend: "python"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ -1 ] allow_ragged_batch: true }
    dynamic_batching { }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR213"
SEVERITY = "error"
TRITON = r"batch input data type"


def check(model: Model) -> Iterator[Problem]:
    """Look at the type of each."""
    for number, entry in enumerate(model.config.batch_input):
        name = walk.enum_name(entry)
        if name not in {"TYPE_INT32", "TYPE_FP32"}:
            yield Problem(f"batch_input[{number}].data_type", f"a batch input is {name}", "it is TYPE_INT32 or TYPE_FP32")
