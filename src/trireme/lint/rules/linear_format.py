"""A non-linear format outside of TensorRT, or without three dims.

`is_non_linear_format_io` (since 24.08) tells Triton that a TensorRT plan keeps a tensor in a packed layout such as
CHW4.

Bad::

    backend: "python"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3, 8, 8 ] is_non_linear_format_io: true }

Good::

    backend: "python"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3, 8, 8 ] }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR207"
SEVERITY = "error"
TRITON = r"Non-linear IO format"


def check(model: Model) -> Iterator[Problem]:
    """Report each one whose platform or number of dims does not fit."""
    for at, _, tensor in walk.tensors(model):
        if not tensor.is_non_linear_format_io:
            continue
        if model.platform != "tensorrt_plan":
            message = f"'{tensor.name}' has a non-linear format, which only TensorRT has"
            yield Problem(f"{at}.is_non_linear_format_io", message, "leave is_non_linear_format_io out")
        elif len(tensor.dims) != 3:  # noqa: PLR2004 - Triton's own condition
            message = f"'{tensor.name}' has a non-linear format and {len(tensor.dims)} dims"
            yield Problem(f"{at}.dims", message, "give it three dims")
