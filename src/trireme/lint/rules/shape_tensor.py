"""A shape tensor outside of TensorRT.

Bad::

    backend: "python"
    input { name: "x" data_type: TYPE_INT32 dims: [ 3 ] is_shape_tensor: true }

Good::

    backend: "python"
    input { name: "x" data_type: TYPE_INT32 dims: [ 3 ] }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR206"
SEVERITY = "error"
TRITON = r"shape tensors are only supported for TensorRT"


def check(model: Model) -> Iterator[Problem]:
    """Report each one whose platform is another."""
    for at, _, tensor in walk.tensors(model):
        if tensor.is_shape_tensor and model.platform != "tensorrt_plan":
            message = f"'{tensor.name}' is a shape tensor, which only TensorRT has"
            yield Problem(f"{at}.is_shape_tensor", message, "leave is_shape_tensor out")
