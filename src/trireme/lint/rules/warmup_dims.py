"""A warm-up whose dims are not its input's.

A sample's dims leave the batch out, as the input's do, and none of them varies.

Bad::

    backend: "python"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ -1 ] }
    model_warmup {
      name: "one"
      batch_size: 1
      inputs { key: "x" value { data_type: TYPE_FP32 dims: [ -1 ] zero_data: true } }
    }

Good::

    backend: "python"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ -1 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    model_warmup {
      name: "one"
      batch_size: 1
      inputs { key: "x" value { data_type: TYPE_FP32 dims: [ 16 ] zero_data: true } }
    }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR453"
SEVERITY = "error"
TRITON = r"expects all variable-size dimensions are specified|unexpected shape for input"


def check(model: Model) -> Iterator[Problem]:
    """Compare the dims of each sample's inputs with the model's."""
    dims = {tensor.name: list(tensor.dims) for tensor in model.config.input if tensor.dims}
    for number, sample in walk.warmups(model):
        for name, value in sample.inputs.items():
            place = f"model_warmup[{number}].inputs['{name}'].dims"
            if -1 in value.dims:
                message = f"the sample's '{name}' has dims {walk.shape(value.dims)}"
                yield Problem(place, message, "write a size for each dimension")
            elif name in dims and not walk.same_shape(value.dims, dims[name]):
                message = f"the sample's '{name}' has dims {walk.shape(value.dims)}, and the input {walk.shape(dims[name])}"
                yield Problem(place, message, "use sizes that the input takes, without the batch")
