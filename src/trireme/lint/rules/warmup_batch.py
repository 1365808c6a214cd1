"""A warm-up batch larger than the model takes.

A sample with `batch_size: 0`, which is the default, is never run.

Bad::

    backend: "python"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    model_warmup {
      name: "many"
      batch_size: 16
      inputs { key: "x" value { data_type: TYPE_FP32 dims: [ 3 ] zero_data: true } }
    }

Good::

    backend: "python"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    model_warmup {
      name: "many"
      batch_size: 8
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

CODE = "TR455"
SEVERITY = "error"
TRITON = r"failed to run warmup sample|max allowed is"


def check(model: Model) -> Iterator[Problem]:
    """Compare each sample with max_batch_size."""
    most = model.config.max_batch_size
    for number, sample in walk.warmups(model):
        if most > 0 and sample.batch_size > most:
            message = f"the sample '{sample.name}' has a batch of {sample.batch_size}, and max_batch_size is {most}"
            yield Problem(f"model_warmup[{number}].batch_size", message, "lower it", fix=str(most))
