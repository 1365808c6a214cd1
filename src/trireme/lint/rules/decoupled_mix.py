"""A step that joins answers of different decoupled models.

Each decoupled model answers at its own pace, so Triton cannot tell which answers belong together.

Bad::

    ==> example/config.pbtxt <==
    platform: "ensemble"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    ensemble_scheduling {
      step { model_name: "stream" model_version: -1 input_map { key: "x" value: "x" } output_map { key: "y" value: "many" } }
      step { model_name: "join" model_version: -1
        input_map { key: "a" value: "many" } input_map { key: "b" value: "x" } output_map { key: "y" value: "y" } }
    }
    ==> stream/config.pbtxt <==
    backend: "python"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    model_transaction_policy { decoupled: true }
    ==> join/config.pbtxt <==
    backend: "python"
    input { name: "a" data_type: TYPE_FP32 dims: [ 3 ] }
    input { name: "b" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }

Good::

    ==> example/config.pbtxt <==
    platform: "ensemble"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    ensemble_scheduling {
      step { model_name: "stream" model_version: -1 input_map { key: "x" value: "x" } output_map { key: "y" value: "many" }
        output_map { key: "x" value: "copy" } }
      step { model_name: "join" model_version: -1
        input_map { key: "a" value: "many" } input_map { key: "b" value: "copy" } output_map { key: "y" value: "y" } }
    }
    ==> stream/config.pbtxt <==
    backend: "python"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    model_transaction_policy { decoupled: true }
    ==> join/config.pbtxt <==
    backend: "python"
    input { name: "a" data_type: TYPE_FP32 dims: [ 3 ] }
    input { name: "b" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import flow, walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR517"
SEVERITY = "error"
TRITON = r"receives inputs originated from different decoupled"


def check(model: Model) -> Iterator[Problem]:
    """Follow from which decoupled step each tensor comes; the ensemble's outputs are joined as well."""
    remedy = "hand the other tensors through the decoupled model, so that they come with its answers"
    source: dict[str, str] = dict.fromkeys(walk.names(model.config.input), "")
    waiting = list(walk.steps(model))
    while ready := [entry for entry in waiting if all(name in source for name in entry[1].input_map.values())]:
        for at, step, member in ready:
            origins = {source[name] for name in step.input_map.values()}
            if len(origins) > 1:
                yield Problem(at, f"the step '{step.model_name}' joins answers of different decoupled models", remedy)
                return
            own = at if member is not None and not member.broken and flow.is_decoupled(member) else min(origins, default="")
            source.update(dict.fromkeys(step.output_map.values(), own))
        waiting = [entry for entry in waiting if entry not in ready]
    if waiting or not model.config.HasField("ensemble_scheduling"):
        return
    if len({source[tensor.name] for tensor in model.config.output if tensor.name in source}) > 1:
        yield Problem("output", "the outputs join answers of different decoupled models", remedy)
