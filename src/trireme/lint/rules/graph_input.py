"""A CUDA graph of an input that the model does not have, or of another shape.

Dims leave the batch out; each is a size, and one that the input takes.

Bad::

    ==> example/config.pbtxt <==
    backend: "tensorrt"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    optimization { cuda { graphs: true graph_spec { batch_size: 8 input { key: "x" value { dim: [ 4 ] } } } } }
    ==> example/1/model.plan <==
    (plan)

Good::

    ==> example/config.pbtxt <==
    backend: "tensorrt"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    optimization { cuda { graphs: true graph_spec { batch_size: 8 input { key: "x" value { dim: [ 3 ] } } } } }
    ==> example/1/model.plan <==
    (plan)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.errors import suggestion
from trireme.lint import walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR706"
SEVERITY = "warning"


def check(model: Model) -> Iterator[Problem]:
    """Compare each graph's inputs with the model's."""
    dims = {tensor.name: list(tensor.dims) for tensor in model.config.input}
    for number, spec in enumerate(model.config.optimization.cuda.graph_spec):
        for name, value in sorted(spec.input.items()):
            place = f"optimization.cuda.graph_spec[{number}].input['{name}']"
            if dims and name not in dims:
                yield Problem(place, f"a graph names the input '{name}', which the model does not have", suggestion(name, dims))
            elif -1 in value.dim or (dims.get(name) and not walk.same_shape(value.dim, dims[name])):
                message = f"a graph has '{name}' as {walk.shape(value.dim)}, and the input is {walk.shape(dims.get(name, []))}"
                yield Problem(place, message, "state sizes that the input takes, without the batch")
