"""A step of a model that will not load.

Mend the member; the ensemble follows.

Bad::

    ==> example/config.pbtxt <==
    platform: "ensemble"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    ensemble_scheduling { step { model_name: "member" model_version: -1
      input_map { key: "x" value: "x" } output_map { key: "y" value: "y" } } }
    ==> member/config.pbtxt <==
    backend: "python"
    max_batch_size: -1
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

from trireme.lint import walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR509"
SEVERITY = "error"
TRITON = r"contains models that are not available|no loaded version|non-existing|is not valid|required version|the server died"


def check(model: Model) -> Iterator[Problem]:
    """Report each member with an error of its own."""
    for at, step, member in walk.steps(model):
        if member is not None and member.name in model.repository.refused and member.name != model.name:
            code = model.repository.refused[member.name]
            yield Problem(f"{at}.model_name", f"'{step.model_name}' will not load ({code})", "mend it first")
