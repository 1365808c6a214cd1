"""An edge of an ensemble with two shapes.

Sizes are equal, or -1 on one side. A member that does not batch states the batch itself: `[ -1, 3 ]` fits `[ 3 ]` of
a model that does.

Bad::

    ==> example/config.pbtxt <==
    platform: "ensemble"
    input { name: "x" data_type: TYPE_FP32 dims: [ 4 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    ensemble_scheduling { step { model_name: "member" model_version: -1
      input_map { key: "x" value: "x" } output_map { key: "y" value: "y" } } }
    ==> member/config.pbtxt <==
    backend: "python"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }

Good::

    ==> example/config.pbtxt <==
    platform: "ensemble"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    ensemble_scheduling { step { model_name: "member" model_version: -1
      input_map { key: "x" value: "x" } output_map { key: "y" value: "y" } } }
    ==> member/config.pbtxt <==
    backend: "python"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import flow, walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR516"
SEVERITY = "error"
TRITON = r"inconsistent shape"


def check(model: Model) -> Iterator[Problem]:
    """Compare each use of a tensor with its first, without the batch and with it."""
    for edge in flow.edges(model):
        first = edge.first
        same = walk.same_shape(first.dims, edge.dims) or walk.same_shape(first.whole, edge.whole)
        if edge.settled and first.settled and not same:
            message = (
                f"the tensor '{edge.name}' has shape {walk.shape(edge.whole)} for {edge.owner}, "
                f"and {walk.shape(first.whole)} for {first.owner}"
            )
            yield Problem(edge.at, message, "make the shapes agree, or add a reshape to the member")
