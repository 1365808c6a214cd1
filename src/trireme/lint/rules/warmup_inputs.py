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
TRITON = r"missing required input|expected \d+ inputs but got|request has 0 inputs"


def check(model: Model) -> Iterator[Problem]:
    """Look for each input in each sample that runs; a name that the model has twice is needed twice, and never there."""
    needed = [tensor.name for tensor in model.config.input if not tensor.optional]
    for number, sample in walk.warmups(model):
        given = list(sample.inputs)
        if not given and not needed:
            yield Problem(f"model_warmup[{number}]", f"the sample '{sample.name}' has no input", "give it one, or remove it")
        for index, name in enumerate(needed):
            twice = name in needed[:index]
            if name not in given or twice:
                message = f"the sample '{sample.name}' has no {'second ' if twice else ''}input '{name}'"
                remedy = suggestion(name, given) if given and not twice else 'add inputs { key: "..." value { ... } }'
                remedy = "rename one of the model's two inputs" if twice else remedy
                yield Problem(f"model_warmup[{number}]", message, remedy)
