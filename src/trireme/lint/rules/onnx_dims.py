"""A tensor whose dims are not the ONNX graph's.

With `max_batch_size` above 0 the graph has one dimension more than the config, the batch, and it has to vary. A size of
the graph is stated as it is: -1 in its place is refused. Where an input varies in the graph, any size may be stated. A
scalar is stated as `[ 1 ]`, and a ragged input is one dimension that varies, in the graph, without a batch.

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
TRITON = r"of shape \[|with a fixed batch|dimensions \(shape|with shape \[-1\]|first dimension must be -1|scalar tensor"


def check(model: Model) -> Iterator[Problem]:
    """Compare the shapes of the tensors that both sides have, after reshape and with the batch."""
    batched = model.config.max_batch_size > 0
    assembled = {name for entry in model.config.batch_output for name in entry.target_name}
    for version, graph in model.graphs.items():
        for at, side, tensor in walk.tensors(model):
            known = (*graph.inputs, *graph.defaults) if side == "input" else graph.outputs
            shapes = {one.name: list(one.dims) for one in known if one.name not in graph.shapeless}
            if tensor.name not in shapes or not tensor.dims or (side == "output" and tensor.name in assembled):
                continue
            dims = list(tensor.reshape.shape if tensor.HasField("reshape") else tensor.dims)
            shape = shapes[tensor.name]
            has = f"the graph of version {version} has {walk.shape(shape)}"
            if side == "input" and tensor.allow_ragged_batch:
                if shape != [-1]:
                    yield Problem(f"{at}.dims", f"'{tensor.name}' is ragged, and {has}", "export it with one dimension, [-1]")
            elif batched and shape and shape[0] != -1:
                message = f"the graph of version {version} has a fixed batch of {shape[0]} in '{tensor.name}'"
                yield Problem("max_batch_size", message, "export it with a batch that varies, or set max_batch_size: 0")
            elif not _fits([-1, *dims] if batched and shape else dims, shape):
                whole = walk.shape([-1, *dims] if batched else dims)
                twice = batched and _fits(dims, shape)
                remedy = "leave the batch out of dims" if twice else "use the graph's sizes"
                yield Problem(f"{at}.dims", f"'{tensor.name}' has shape {whole}, and {has}", remedy)


def _fits(stated: list[int], shape: list[int]) -> bool:
    """Say whether stated dims are the graph's: a scalar takes ones, and what varies takes any size.

    https://github.com/triton-inference-server/onnxruntime_backend/blob/main/src/onnxruntime_utils.cc (CompareDimsSupported).
    """
    if not shape:
        return all(size == 1 for size in stated)
    return len(stated) == len(shape) and all(known in {-1, size} for size, known in zip(stated, shape, strict=True))
