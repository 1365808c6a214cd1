"""A tensor without a data type.

A backend that reads the model's own file fills it in (onnxruntime, tensorrt, openvino), and so may a Python model
with `auto_complete_config`; every other model states it.

Bad::

    backend: "python"
    input { name: "x" dims: [ 3 ] }

Good::

    backend: "python"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR202"
SEVERITY = "error"
TRITON = r"must specify 'data_type'"


def check(model: Model) -> Iterator[Problem]:
    """Report each tensor without a type, where nobody fills it in."""
    for at, _, tensor in walk.tensors(model):
        if walk.enum_name(tensor) == "TYPE_INVALID" and not model.completes:
            yield Problem(f"{at}.data_type", f"'{tensor.name}' has no data type", "add data_type: TYPE_...")
