"""A batch input or output of a tensor that the model does not have.

Bad::

    backend: "python"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ -1 ] allow_ragged_batch: true }
    dynamic_batching { }
    batch_input { kind: BATCH_ELEMENT_COUNT target_name: "size" data_type: TYPE_FP32 source_input: "y" }

Good::

    backend: "python"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ -1 ] allow_ragged_batch: true }
    dynamic_batching { }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.errors import suggestion
from trireme.lint import walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR214"
SEVERITY = "error"
TRITON = r"unknown (source input|target output) name|target output name .* can only be specified once"


def check(model: Model) -> Iterator[Problem]:
    """Look each name up; a batch output names each of its targets once."""
    graphs = [graph for graph in model.graphs.values() if not graph.problem]
    if model.completes and not graphs:
        return
    inputs = walk.names(model.config.input) + [tensor.name for graph in graphs for tensor in graph.inputs]
    outputs = walk.names(model.config.output) + [tensor.name for graph in graphs for tensor in graph.outputs]
    for side in ("batch_input", "batch_output"):
        for number, entry in enumerate(getattr(model.config, side)):
            for name in entry.source_input:
                if name not in inputs:
                    yield Problem(f"{side}[{number}].source_input", f"there is no input '{name}'", suggestion(name, inputs))
    for number, entry in enumerate(model.config.batch_output):
        targets = list(entry.target_name)
        for name in dict.fromkeys(targets):
            place = f"batch_output[{number}].target_name"
            if name not in outputs:
                yield Problem(place, f"there is no output '{name}'", suggestion(name, outputs))
            elif targets.count(name) > 1:
                yield Problem(place, f"the output '{name}' is named twice", "name it once")
