"""A backend that the server does not have.

A backend is a library `libtriton_<backend>.so`, or a `model.py`, in the version folder, the model's folder or the
server's backend directory. `--backends` says which the server has; without it, those of Triton's image count as
there, and a stranger is a matter for a look.

Bad::

    backend: "onxruntime"

Good::

    backend: "python"
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.errors import suggestion
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR110"
SEVERITY = "warning"
TRITON = r"unable to find (Python backend based )?backend library for backend|unable to find '?backend library"
SHIPPED = (
    "dali", "fil", "identity", "onnxruntime", "openvino", "python", "pytorch", "repeat", "square", "tensorflow", "tensorrt",
    "tensorrtllm", "vllm",
)  # fmt: skip
"""The backends of NVIDIA's images (https://github.com/triton-inference-server/backend#where-can-i-find-all-the-backends)."""


def check(model: Model) -> Iterator[Problem]:
    """Report a backend that neither the model nor the server brings."""
    known = model.repository.options.backends
    if known is not None or not model.backend or model.backend in SHIPPED or model.config.runtime:
        return
    library = f"libtriton_{model.backend}.so"
    own = [model.entries.files, *(entries.files for entries in model.contents.values())]
    if not any(library in files for files in own):
        message = f"Triton's images have no backend '{model.backend}'"
        yield Problem("backend", message, suggestion(model.backend, SHIPPED))
