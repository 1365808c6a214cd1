"""Weights of an ONNX file that are not beside it.

A model of more than 2 GB keeps its weights in other files, named relative to the model's own folder.

Bad::

    ==> example/config.pbtxt <==
    backend: "onnxruntime"
    ==> example/1/model.onnx <==
    (onnx) g (float[n, 3] x) => (float[n, 3] y) { y = Add(x, weight) } weight in weights.bin

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

from trireme.lint import files
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR602"
SEVERITY = "error"
TRITON = r"[Ee]xternal|file_size|No such file"


def check(model: Model) -> Iterator[Problem]:
    """Look for each file that the graph names."""
    for version, graph in model.graphs.items():
        folder = model.path / str(version)
        for name in graph.external:
            if not files.is_file(folder / name):
                message = f"{model.filename} of version {version} keeps weights in '{name}', which is not there"
                yield Problem("", message, "copy it beside the model", model.file(version))
