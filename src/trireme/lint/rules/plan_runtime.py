"""A plan of TensorRT-RTX, which Triton's TensorRT backend cannot read.

TensorRT and TensorRT-RTX have each a format of their own. Triton's images carry TensorRT; the embedded server's stand-in reads
both.

Bad::

    ==> example/config.pbtxt <==
    backend: "tensorrt"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    ==> example/1/model.plan <==
    (plan)
    ==> example/1/model.plan.json <==
    { "runtime": "tensorrt-rtx" }

Good::

    ==> example/config.pbtxt <==
    backend: "tensorrt"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    ==> example/1/model.plan <==
    (plan)
    ==> example/1/model.plan.json <==
    { "runtime": "tensorrt" }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR625"
SEVERITY = "advice"


def check(model: Model) -> Iterator[Problem]:
    """Report each plan whose record names TensorRT-RTX."""
    for path, plan in model.plans.items():
        if plan.runtime == "tensorrt-rtx":
            message = f"{path} was built by TensorRT-RTX, and Triton's own TensorRT backend cannot read it"
            yield Problem(
                "", message, "build it inside the Triton image: trireme engines --runtime tensorrt", model.path / path
            )
