"""Ensembles that contain each other.

Bad::

    platform: "ensemble"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    ensemble_scheduling { step { model_name: "example" model_version: -1
      input_map { key: "x" value: "x" } output_map { key: "y" value: "y" } } }

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

from trireme.lint import flow, walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR511"
SEVERITY = "error"
TRITON = r"circular dependency between ensembles"


def check(model: Model) -> Iterator[Problem]:
    """Follow the members back to the model itself."""
    for at, _, member in walk.steps(model):
        trail = flow.trail(member, model.name) if member is not None else []
        if trail:
            circle = " -> ".join([model.name, *trail])
            yield Problem(f"{at}.model_name", f"the ensemble contains itself: {circle}", "take one of the steps out")
            return
