"""A tensor of an ensemble that nothing makes, or that nothing takes.

Map every output of a step that you list; an output nobody needs is left out of `output_map`.

Bad::

    ==> example/config.pbtxt <==
    platform: "ensemble"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    ensemble_scheduling { step { model_name: "member" model_version: -1
      input_map { key: "x" value: "x" }
      output_map { key: "y" value: "y" }
      output_map { key: "z" value: "unused" } } }
    ==> member/config.pbtxt <==
    backend: "python"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "z" data_type: TYPE_FP32 dims: [ 3 ] }

Good::

    ==> example/config.pbtxt <==
    platform: "ensemble"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    ensemble_scheduling { step { model_name: "member" model_version: -1
      input_map { key: "x" value: "x" }
      output_map { key: "y" value: "y" } } }
    ==> member/config.pbtxt <==
    backend: "python"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "z" data_type: TYPE_FP32 dims: [ 3 ] }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.errors import suggestion
from trireme.lint import flow, walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR507"
SEVERITY = "error"
TRITON = r"ensemble tensor '.*' is unused"


def check(model: Model) -> Iterator[Problem]:
    """Report each tensor that is neither an output nor made and taken."""
    if not model.config.HasField("ensemble_scheduling"):
        return
    data = flow.Flow(model)
    outputs = set(walk.names(model.config.output))
    for name in data.known:
        place = data.places[name]
        if name in outputs:
            continue
        if name not in data.ready:
            yield Problem(
                place, f"nothing makes the tensor '{name}'", suggestion(name, [*data.ready, *walk.names(model.config.input)])
            )
        elif name not in data.taken:
            yield Problem(place, f"nothing takes the tensor '{name}'", "leave it out of output_map, or make it an output")
