"""An input of an ONNX model that is optional here and not there.

An optional input is an initializer of the graph that is an input too, so that a request may replace it; such a one is
stated with `optional: true`, and only a model without batching may have it.

Bad::

    ==> example/config.pbtxt <==
    backend: "onnxruntime"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] optional: true }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    ==> example/1/model.onnx <==
    (onnx) g (float[n, 3] x) => (float[n, 3] y) { y = Add(x, x) }

Bad (the graph needs it)::

    ==> example/config.pbtxt <==
    backend: "onnxruntime"
    input { name: "x" data_type: TYPE_FP32 dims: [ -1, 3 ] optional: true }
    output { name: "y" data_type: TYPE_FP32 dims: [ -1, 3 ] }
    ==> example/1/model.onnx <==
    (onnx) g (float[n, 3] x) => (float[n, 3] y) { y = Add(x, x) }

Bad (the graph has a default)::

    ==> example/config.pbtxt <==
    backend: "onnxruntime"
    input { name: "x" data_type: TYPE_FP32 dims: [ -1, 3 ] }
    input { name: "w" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ -1, 3 ] }
    ==> example/1/model.onnx <==
    (onnx) g (float[n, 3] x, float[3] w = {1, 1, 1}) => (float[n, 3] y) { y = Add(x, w) }

Good::

    ==> example/config.pbtxt <==
    backend: "onnxruntime"
    input { name: "x" data_type: TYPE_FP32 dims: [ -1, 3 ] }
    input { name: "w" data_type: TYPE_FP32 dims: [ 3 ] optional: true }
    output { name: "y" data_type: TYPE_FP32 dims: [ -1, 3 ] }
    ==> example/1/model.onnx <==
    (onnx) g (float[n, 3] x, float[3] w = {1, 1, 1}) => (float[n, 3] y) { y = Add(x, w) }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR606"
SEVERITY = "error"
TRITON = r"optional input|has (a|no) default|expects \d+ inputs"


def check(model: Model) -> Iterator[Problem]:
    """Compare which inputs a request may leave out."""
    for version, graph in model.graphs.items():
        defaults = {tensor.name for tensor in graph.defaults}
        needed = {tensor.name for tensor in graph.inputs}
        for number, tensor in enumerate(model.config.input):
            at = f"input[{number}].optional" if tensor.optional else f"input[{number}]"
            if tensor.optional and model.config.max_batch_size > 0:
                message = f"'{tensor.name}' is optional, which an ONNX model with batching may not have"
                yield Problem(at, message, "set max_batch_size: 0, or send it always")
            elif tensor.optional and tensor.allow_ragged_batch:
                yield Problem(at, f"'{tensor.name}' is optional and ragged", "keep one of the two")
            elif tensor.optional and tensor.name in needed:
                message = f"'{tensor.name}' is optional, and the graph of version {version} has no default for it"
                yield Problem(at, message, "take optional away, or export it with an initializer of that name")
            elif not tensor.optional and tensor.name in defaults:
                message = f"the graph of version {version} has a default for '{tensor.name}'"
                yield Problem(at, message, "state it with optional: true, or leave it out")
