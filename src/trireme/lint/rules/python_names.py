"""Python code that asks for a tensor which the config does not have.

`get_input_tensor_by_name` and its kin give None for such a name, and the model fails at its first use.

Bad::

    ==> example/config.pbtxt <==
    backend: "python"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    ==> example/1/model.py <==
    import triton_python_backend_utils as pb_utils

    class TritonPythonModel:
        def execute(self, requests):
            tensors = [pb_utils.get_input_tensor_by_name(request, "input") for request in requests]
            return [pb_utils.InferenceResponse([pb_utils.Tensor("y", tensor.as_numpy())]) for tensor in tensors]

Good::

    ==> example/config.pbtxt <==
    backend: "python"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    ==> example/1/model.py <==
    import triton_python_backend_utils as pb_utils

    class TritonPythonModel:
        def execute(self, requests):
            tensors = [pb_utils.get_input_tensor_by_name(request, "x") for request in requests]
            return [pb_utils.InferenceResponse([pb_utils.Tensor("y", tensor.as_numpy())]) for tensor in tensors]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.errors import suggestion
from trireme.lint import walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR614"
SEVERITY = "warning"


def check(model: Model) -> Iterator[Problem]:
    """Look each name up."""
    for version, code in model.code.items():
        for asked in code.asked if not code.completes else ():
            known = walk.names(getattr(model.config, asked.kind))
            if asked.kind == "input":
                known += walk.controls(model)
            if asked.name not in known:
                path = model.file(version)
                message = f"the code asks for the {asked.kind} '{asked.name}', which the config does not have"
                yield Problem("", message, suggestion(asked.name, known), path, asked.line)
