"""A warm-up without an input that the model needs.

A sample states every input that is not optional.

Bad::

    backend: "python"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    model_warmup { name: "one" batch_size: 1 }

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

from trireme.errors import suggestion
from trireme.lint import walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR451"
SEVERITY = "error"
TRITON = r"missing required input|expected \d+ inputs but got"


def check(model: Model) -> Iterator[Problem]:
    """Look for each input in each sample that runs."""
    needed = [tensor.name for tensor in model.config.input if not tensor.optional]
    for number, sample in walk.warmups(model):
        for name in needed:
            if name not in sample.inputs:
                message = f"the sample '{sample.name}' has no input '{name}'"
                remedy = suggestion(name, sample.inputs) if sample.inputs else 'add inputs { key: "..." value { ... } }'
                yield Problem(f"model_warmup[{number}]", message, remedy)
