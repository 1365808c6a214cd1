"""A step of a model that is not there.

Bad::

    ==> example/config.pbtxt <==
    platform: "ensemble"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    ensemble_scheduling { step { model_name: "membre" model_version: -1
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

from trireme.errors import suggestion
from trireme.lint import walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR508"
SEVERITY = "error"
TRITON = r"contains models that are not available"


def check(model: Model) -> Iterator[Problem]:
    """Look each model up."""
    for at, step, member in walk.steps(model):
        if step.model_name and member is None and step.model_name not in model.repository.options.elsewhere:
            others = [name for name in model.repository.models if name != model.name]
            yield Problem(f"{at}.model_name", f"there is no model '{step.model_name}'", suggestion(step.model_name, others))
