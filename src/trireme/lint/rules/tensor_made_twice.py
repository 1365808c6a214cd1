"""A tensor of an ensemble that two steps make.

Bad::

    ==> example/config.pbtxt <==
    platform: "ensemble"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    ensemble_scheduling {
      step { model_name: "member" model_version: -1
        input_map { key: "x" value: "x" } output_map { key: "y" value: "y" } }
      step { model_name: "member" model_version: -1
        input_map { key: "x" value: "x" } output_map { key: "y" value: "y" } }
    }
    ==> member/config.pbtxt <==
    backend: "python"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }

Good::

    ==> example/config.pbtxt <==
    platform: "ensemble"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "z" data_type: TYPE_FP32 dims: [ 3 ] }
    ensemble_scheduling {
      step { model_name: "member" model_version: -1
        input_map { key: "x" value: "x" } output_map { key: "y" value: "y" } }
      step { model_name: "member" model_version: -1
        input_map { key: "x" value: "x" } output_map { key: "y" value: "z" } }
    }
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

CODE = "TR504"
SEVERITY = "error"
TRITON = r"can appear in an output map only once"


def check(model: Model) -> Iterator[Problem]:
    """Report every tensor that another step, or another output, made before."""
    made: set[str] = set()
    for at, step, _ in walk.steps(model):
        for key, name in sorted(step.output_map.items()):
            if name in made:
                yield Problem(
                    f"{at}.output_map['{key}']", f"the tensor '{name}' is made twice", "give one of the two another name"
                )
            made.add(name)
