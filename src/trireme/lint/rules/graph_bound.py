"""A lower bound of a CUDA graph that is no lower bound.

`graph_lower_bound` opens a graph to every shape between the bound and the graph's own; it states the same inputs,
with sizes that are not larger.

Bad::

    ==> example/config.pbtxt <==
    backend: "tensorrt"
    max_batch_size: 8
    optimization { cuda { graphs: true graph_spec {
      batch_size: 4
      input { key: "x" value { dim: [ 16 ] } }
      graph_lower_bound { batch_size: 8 input { key: "x" value { dim: [ 1 ] } } }
    } } }
    ==> example/1/model.plan <==
    (plan)

Good::

    ==> example/config.pbtxt <==
    backend: "tensorrt"
    max_batch_size: 8
    optimization { cuda { graphs: true graph_spec {
      batch_size: 4
      input { key: "x" value { dim: [ 16 ] } }
      graph_lower_bound { batch_size: 1 input { key: "x" value { dim: [ 1 ] } } }
    } } }
    ==> example/1/model.plan <==
    (plan)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR705"
SEVERITY = "warning"


def check(model: Model) -> Iterator[Problem]:
    """Compare each bound with its graph."""
    for number, spec in enumerate(model.config.optimization.cuda.graph_spec):
        bound = spec.graph_lower_bound
        place = f"optimization.cuda.graph_spec[{number}].graph_lower_bound"
        if not spec.HasField("graph_lower_bound"):
            continue
        if bound.batch_size > spec.batch_size:
            message = f"the bound's batch is {bound.batch_size}, and the graph's {spec.batch_size}"
            yield Problem(f"{place}.batch_size", message, "lower the bound")
        for name in sorted({*bound.input, *spec.input}):
            least, most = list(bound.input[name].dim), list(spec.input[name].dim)
            if len(least) != len(most) or any(one > other for one, other in zip(least, most, strict=True)):
                message = f"the bound of '{name}' is {walk.shape(least)}, and the graph's {walk.shape(most)}"
                yield Problem(place, message, "state the same input with sizes that are not larger")
