"""A tensor that is not the TensorRT plan's: its name, its type or its shape.

What a plan holds is read from the plan where TensorRT is installed, and else from the record beside it,
`model.plan.json`. With `max_batch_size` above 0 the plan has one dimension more than the config. The values of a shape
tensor are not a shape: its dims are not compared.

Bad::

    ==> example/config.pbtxt <==
    backend: "tensorrt"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP16 dims: [ 4 ] }
    output { name: "z" data_type: TYPE_FP32 dims: [ 3 ] }
    ==> example/1/model.plan <==
    (plan)
    ==> example/1/model.plan.json <==
    { "tensors": { "x": { "side": "input", "data_type": "TYPE_FP32", "shape": [-1, 3] },
                   "y": { "side": "output", "data_type": "TYPE_FP32", "shape": [-1, 3] } } }

Good::

    ==> example/config.pbtxt <==
    backend: "tensorrt"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    ==> example/1/model.plan <==
    (plan)
    ==> example/1/model.plan.json <==
    { "tensors": { "x": { "side": "input", "data_type": "TYPE_FP32", "shape": [-1, 3] },
                   "y": { "side": "output", "data_type": "TYPE_FP32", "shape": [-1, 3] } } }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.errors import suggestion
from trireme.lint import walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR624"
SEVERITY = "error"
TRITON = r"unexpected (inference )?(input|output)|unexpected datatype|model expects|dimensions"


def check(model: Model) -> Iterator[Problem]:
    """Compare each tensor of the config with the plan's of its name."""
    batch = [-1] if model.config.max_batch_size > 0 else []
    for path, plan in model.plans.items():
        for at, side, tensor in walk.tensors(model) if plan.tensors else ():
            known = plan.tensors.get(tensor.name)
            if known is None or known.side != side:
                names = [name for name, one in plan.tensors.items() if one.side == side]
                message = f"{path} has no {side} '{tensor.name}'"
                yield Problem(f"{at}.name", message, suggestion(tensor.name, names))
                continue
            stated = walk.enum_name(tensor)
            if known.data_type and stated not in {known.data_type, "TYPE_INVALID"}:
                message = f"'{tensor.name}' is {stated}, and {path} has {known.data_type}"
                yield Problem(f"{at}.data_type", message, "use the plan's type", fix=known.data_type)
            dims = [*batch, *(tensor.reshape.shape if tensor.HasField("reshape") else tensor.dims)]
            if tensor.dims and not tensor.is_shape_tensor and not walk.same_shape(dims, known.shape):
                has = f"{path} has {walk.shape(known.shape)}"
                yield Problem(f"{at}.dims", f"'{tensor.name}' has shape {walk.shape(dims)}, and {has}", "use the plan's sizes")
