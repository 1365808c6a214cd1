"""A TensorRT plan that is not built yet.

An engine is built where its GPU is. Beside its ONNX sidecar a model is whole for the embedded server, whose stand-in for
TensorRT runs the sidecar; Triton's own backend refuses it until there is a plan.

Bad::

    ==> example/config.pbtxt <==
    backend: "tensorrt"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    ==> example/1/model.onnx <==
    (onnx) g (float[n, 3] x) => (float[n, 3] y) { y = Add(x, x) }

Good::

    backend: "python"
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem
from trireme.lint.identity import FILES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR119"
SEVERITY = "advice"


def check(model: Model) -> Iterator[Problem]:
    """Report each served version with a sidecar alone."""
    if model.backend != "tensorrt":
        return
    named = {model.filename, *model.config.cc_model_filenames.values()}
    for version, entries in model.contents.items():
        if not named & set(entries.files) and FILES["onnxruntime"] in entries.files:
            message = f"version {version} has no {model.filename} yet, and Triton's own TensorRT backend needs one"
            yield Problem("", message, "build it where the GPU is", model.path / str(version))
