"""A size stated for an output that varies in the ONNX graph.

The native backend compares an output's dims with the graph's exactly, so that the size of one that varies is stated as
-1. The file alone does not decide it: onnxruntime may infer the size while it loads the graph, and then it fits.

Bad::

    ==> example/config.pbtxt <==
    backend: "onnxruntime"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    ==> example/1/model.onnx <==
    (onnx) g (float[n, 3] x) => (float[n, m] y) { y = Add(x, x) }

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

CODE = "TR607"
SEVERITY = "warning"


def check(model: Model) -> Iterator[Problem]:
    """Report each size that stands where the graph's output varies."""
    batch = [-1] if model.config.max_batch_size > 0 else []
    for version, graph in model.graphs.items():
        shapes = {tensor.name: tensor.dims for tensor in graph.outputs}
        for number, tensor in enumerate(model.config.output):
            dims = [*batch, *(tensor.reshape.shape if tensor.HasField("reshape") else tensor.dims)]
            shape = shapes.get(tensor.name, ())
            if len(dims) == len(shape) and any(known == -1 != size for size, known in zip(dims, shape, strict=True)):
                message = (
                    f"'{tensor.name}' has shape {walk.shape(dims)}, and the graph of version {version} {walk.shape(shape)}"
                )
                remedy = "state -1 there, unless onnxruntime infers the size; or export the graph with it"
                yield Problem(f"output[{number}].dims", message, remedy)
