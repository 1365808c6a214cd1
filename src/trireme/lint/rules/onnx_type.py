"""A tensor whose data type is not the ONNX graph's.

Bad::

    ==> example/config.pbtxt <==
    backend: "onnxruntime"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP64 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    ==> example/1/model.onnx <==
    (onnx) g (float[n, 3] x) => (float[n, 3] y) { y = Add(x, x) }

Good::

    ==> example/config.pbtxt <==
    backend: "onnxruntime"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    ==> example/1/model.onnx <==
    (onnx) g (float[n, 3] x) => (float[n, 3] y) { y = Add(x, x) }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR604"
SEVERITY = "error"
TRITON = r"of tensor\(.*the config states|configuration expects datatype|unsupported datatype|KeyError: 'TYPE_"


def check(model: Model) -> Iterator[Problem]:
    """Compare the types of the tensors that both sides have."""
    for version, graph in model.graphs.items():
        for at, side, tensor in walk.tensors(model):
            known_ones = (*graph.inputs, *graph.defaults) if side == "input" else graph.outputs
            types = {known.name: known.data_type for known in known_ones}
            wanted, stated = types.get(tensor.name), walk.enum_name(tensor)
            if stated == wanted == "TYPE_BF16":
                yield Problem(
                    f"{at}.data_type",
                    f"'{tensor.name}' is TYPE_BF16, which onnxruntime's backend does not take",
                    "cast it in the graph",
                )
            elif wanted is not None and stated not in {wanted, "TYPE_INVALID"}:
                message = f"'{tensor.name}' is {stated}, and the graph of version {version} has {wanted}"
                fix = wanted if wanted in walk.DATA_TYPE_BYTES or wanted == "TYPE_STRING" else None
                yield Problem(f"{at}.data_type", message, "use the graph's type", fix=fix)
