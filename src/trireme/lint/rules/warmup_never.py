"""A warm-up that never runs.

`batch_size` is 0 unless it is stated, and Triton skips a sample of 0.

Bad::

    backend: "python"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    model_warmup {
      name: "one"
      inputs { key: "x" value { data_type: TYPE_FP32 dims: [ 3 ] zero_data: true } }
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

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR456"
SEVERITY = "warning"


def check(model: Model) -> Iterator[Problem]:
    """Report samples of batch 0."""
    for number, sample in enumerate(model.config.model_warmup):
        if not sample.batch_size:
            yield Problem(
                f"model_warmup[{number}]", f"the sample '{sample.name}' never runs: batch_size is 0", "add batch_size: 1"
            )
