"""An image format without three dims.

FORMAT_NHWC and FORMAT_NCHW say how the three dims of one image are to be read; the batch is not among them.

Bad::

    backend: "python"
    input { name: "x" data_type: TYPE_FP32 format: FORMAT_NCHW dims: [ 1, 3, 224, 224 ] }

Good::

    backend: "python"
    max_batch_size: 1
    input { name: "x" data_type: TYPE_FP32 format: FORMAT_NCHW dims: [ 3, 224, 224 ] }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR205"
SEVERITY = "error"
TRITON = r"NHWC/NCHW require 3 dims"


def check(model: Model) -> Iterator[Problem]:
    """Count the dims of each input with a format."""
    for number, tensor in enumerate(model.config.input):
        if tensor.format and len(tensor.dims) != 3:  # noqa: PLR2004 - height, width, channels
            message = f"'{tensor.name}' has a format for images and {len(tensor.dims)} dims"
            yield Problem(f"input[{number}].dims", message, "give it three dims without the batch, or leave the format out")
