"""An ONNX file that is no model.

Most are cut short by a copy that was interrupted, or hold the pointer of a Git LFS checkout.

Bad::

    ==> example/config.pbtxt <==
    backend: "onnxruntime"
    ==> example/1/model.onnx <==
    version https://git-lfs.github.com/spec/v1

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

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR601"
SEVERITY = "error"
TRITON = r"Protobuf parsing failed|InvalidProtobuf|failed to load|Load model from|ModelProto"


def check(model: Model) -> Iterator[Problem]:
    """Report each graph that cannot be read; a folder is one only for onnxruntime itself."""
    for version, graph in model.graphs.items():
        if graph.problem:
            path = model.file(version)
            yield Problem("", f"{model.filename} of version {version} cannot be read: {graph.problem}", "copy it anew", path)
