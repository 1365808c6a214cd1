"""A step of a version that is not served.

`model_version: -1` takes the latest; any other number has to be among those that the member's version policy serves.

Bad::

    ==> example/config.pbtxt <==
    platform: "ensemble"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    ensemble_scheduling { step { model_name: "member" model_version: 2
      input_map { key: "x" value: "x" } output_map { key: "y" value: "y" } } }
    ==> member/config.pbtxt <==
    backend: "python"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }

Bad (a version left out is 0)::

    ==> example/config.pbtxt <==
    platform: "ensemble"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    ensemble_scheduling { step { model_name: "member"
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
    ensemble_scheduling { step { model_name: "member" model_version: 1
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

CODE = "TR510"
SEVERITY = "error"
TRITON = r"whose required version"


def check(model: Model) -> Iterator[Problem]:
    """Compare each pin with the versions that the member serves."""
    for at, step, member in walk.steps(model):
        if member is None or member.broken or step.model_version == -1 or step.model_version in member.served:
            continue
        served = ", ".join(map(str, member.served)) or "none"
        message = f"'{member.name}' does not serve version {step.model_version} (it serves {served})"
        yield Problem(f"{at}.model_version", message, "write -1 for the latest")
