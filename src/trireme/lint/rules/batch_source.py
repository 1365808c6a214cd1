"""A batch input or output that does not name one source.

Every kind of `batch_input` and `batch_output` is computed from exactly one input of the model. A `batch_output` without
one, or without a target, ends the server of release 24.10.

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
TRITON = r"expects 1 source input|the server died"


def check(model: Model) -> Iterator[Problem]:
    """Count the sources, and look for a target of each batch output."""
    for side in ("batch_input", "batch_output"):
        for number, entry in enumerate(getattr(model.config, side)):
            if len(entry.source_input) != 1:
                ends = ", and none ends the server" if side == "batch_output" and not entry.source_input else ""
                message = f"a {side} has {len(entry.source_input)} sources, and takes one{ends}"
                yield Problem(f"{side}[{number}]", message, 'write source_input: "..." once')
            if side == "batch_output" and not entry.target_name:
                message = "a batch_output without a target ends the server"
                yield Problem(f"{side}[{number}]", message, 'write target_name: "..."')
