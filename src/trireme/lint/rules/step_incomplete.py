"""A step without a model, an input or an output.

Bad::

    platform: "ensemble"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    ensemble_scheduling { step { model_name: "member" model_version: -1 output_map { key: "y" value: "y" } } }

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

CODE = "TR503"
SEVERITY = "error"
TRITON = r"must specify '(step|model_name|input_map|output_map)'"


def check(model: Model) -> Iterator[Problem]:
    """Look for all three in each step, and for a step."""
    if model.config.HasField("ensemble_scheduling") and not model.config.ensemble_scheduling.step:
        yield Problem("ensemble_scheduling", "the ensemble has no steps", "add step { ... }")
    for at, step, _ in walk.steps(model):
        for field in ("model_name", "input_map", "output_map"):
            if not getattr(step, field):
                yield Problem(at, f"a step has no {field}", f"add {field}")
