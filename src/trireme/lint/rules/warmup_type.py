"""A warm-up of another data type than its input's.

Bad::

    backend: "python"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    model_warmup {
      name: "one"
      batch_size: 1
      inputs { key: "x" value { data_type: TYPE_INT32 dims: [ 3 ] zero_data: true } }
    }

Good::

    backend: "python"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    model_warmup {
      name: "one"
      batch_size: 1
      inputs { key: "x" value { data_type: TYPE_FP32 dims: [ 3 ] zero_data: true } }
    }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR452"
SEVERITY = "error"
TRITON = r"data-type is|the server (died|hangs)"


def check(model: Model) -> Iterator[Problem]:
    """Compare the type of each sample's inputs with the model's."""
    types = {tensor.name: walk.enum_name(tensor) for tensor in model.config.input}
    for number, sample in walk.warmups(model):
        for name, value in sample.inputs.items():
            place = f"model_warmup[{number}].inputs['{name}'].data_type"
            stated = walk.enum_name(value)
            if name not in types and stated == "TYPE_INVALID" and not model.completes:
                message = f"the sample's '{name}' has no data type and is no input of the model, which ends the server"
                yield Problem(place, message, "state its type, or leave it out")
            elif name in types and types[name] not in {stated, "TYPE_INVALID"}:
                message = f"the sample's '{name}' is {stated}, and the input is {types[name]}"
                yield Problem(place, message, "use the input's type", fix=types[name])
