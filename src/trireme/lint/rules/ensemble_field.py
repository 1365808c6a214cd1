"""An ensemble with a setting that only its members can have.

Instances, optimization and warm-up belong to the models that compute.

Bad::

    ==> example/config.pbtxt <==
    platform: "ensemble"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    instance_group { count: 2 }
    ensemble_scheduling { step { model_name: "member" model_version: -1
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
    instance_group { count: 2 }
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    instance_group { count: 2 }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR502"
SEVERITY = "error"
TRITON = r"(instance group|optimization) should not be specified for ensemble|model_warmup can not be specified for ensemble"

FIELDS = ("instance_group", "optimization", "model_warmup")


def check(model: Model) -> Iterator[Problem]:
    """Report each such setting."""
    if not model.config.HasField("ensemble_scheduling"):
        return
    for field, value in model.config.ListFields():
        for number in range(len(value) if field.is_repeated else 1) if field.name in FIELDS else ():
            yield Problem(f"{field.name}[{number}]", f"an ensemble has {field.name}", "state it in the members", fix="")
