"""A platform and a backend that do not belong together.

Bad::

    platform: "tensorrt_plan"
    backend: "onnxruntime"

Good::

    ==> example/config.pbtxt <==
    platform: "onnxruntime_onnx"
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
from trireme.lint.identity import NEWER, PLATFORMS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR109"
SEVERITY = "error"
TRITON = r"unexpected 'platform' and 'backend' pair"


def check(model: Model) -> Iterator[Problem]:
    """Report a platform that is another backend's; a backend without a platform of its own takes any."""
    own = [platform for platform, backend in PLATFORMS.items() if backend == model.backend]
    if own and model.platform not in own and not (model.backend == "pytorch" and model.platform in NEWER):
        message = f"platform '{model.platform}' and backend '{model.backend}' do not belong together"
        yield Problem("platform", message, f"leave the platform out, or write {' or '.join(own)}")
