"""A tensor whose dims are not the ONNX graph's.

With `max_batch_size` above 0 the graph has one dimension more than the config, the batch, and it has to vary.

Bad::

    ==> example/config.pbtxt <==
    backend: "onnxruntime"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 4 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    ==> example/1/model.onnx <==
    (onnx) g (float[n, 3] x) => (float[n, 3] y) { y = Add(x, x) }

Bad (the batch is stated twice)::

    ==> example/config.pbtxt <==
    backend: "onnxruntime"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ -1, 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ -1, 3 ] }
    ==> example/1/model.onnx <==
    (onnx) g (float[n, 3] x) => (float[n, 3] y) { y = Add(x, x) }

Good::

    ==> example/config.pbtxt <==
    backend: "onnxruntime"
    input { name: "x" data_type: TYPE_FP32 dims: [ -1, 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ -1, 3 ] }
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

CODE = "TR605"
SEVERITY = "error"
TRITON = r"shape|dimension|dims|batch"


def check(model: Model) -> Iterator[Problem]:
    """Compare the shapes of the tensors that both sides have, after reshape and with the batch."""
    batched = model.config.max_batch_size > 0
    for version, graph in model.graphs.items():
        for at, side, tensor in walk.tensors(model):
            shapes = {known.name: known.dims for known in getattr(graph, f"{side}s") if known.name not in graph.shapeless}
            dims = list(tensor.reshape.shape if tensor.HasField("reshape") else tensor.dims)
            if tensor.name not in shapes or not tensor.dims:
                continue
            whole = [-1, *dims] if batched else dims
            wanted = shapes[tensor.name]
            if not walk.same_shape(whole, wanted) and not (not batched and dims == [1] and not wanted):
                has = walk.shape(wanted)
                message = f"'{tensor.name}' has shape {walk.shape(whole)}, and the graph of version {version} has {has}"
                remedy = "leave the batch out of dims" if batched and walk.same_shape(dims, wanted) else "use the graph's sizes"
                yield Problem(f"{at}.dims", message, remedy)
            elif batched and wanted and wanted[0] not in {-1, 0}:
                message = f"the graph of version {version} has a fixed batch of {wanted[0]} in '{tensor.name}'"
                yield Problem("max_batch_size", message, "export it with a batch that varies, or set max_batch_size: 0")
