"""`triton_python_backend_utils` without a server: Triton's own file, and the stub's classes in memory.

Triton's stub loads `triton_python_backend_utils.py`, which is plain Python, and adds to it the classes of its C++ side. Here
the same file comes from the nvidia-pytriton wheel, and the classes of `trireme.testing.stub` stand in for the C++ side.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from trireme.server import embedded
from trireme.testing import stub

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

NAME = "triton_python_backend_utils"
CLASSES = ("TritonError", "TritonModelException", "Tensor", "InferenceResponse", "PreferredMemory", "MetricFamily")
CONSTANTS = {
    "TRITONSERVER_RESPONSE_COMPLETE_FINAL": stub.COMPLETE_FINAL,
    "TRITONSERVER_REQUEST_FLAG_SEQUENCE_START": 1,
    "TRITONSERVER_REQUEST_FLAG_SEQUENCE_END": 2,
    "TRITONSERVER_REQUEST_RELEASE_ALL": 1,
    "TRITONSERVER_REQUEST_RELEASE_RESCHEDULE": 2,
    "TRITONSERVER_MEMORY_CPU": stub.MemoryType.TRITONSERVER_MEMORY_CPU,
    "TRITONSERVER_MEMORY_GPU": stub.MemoryType.TRITONSERVER_MEMORY_GPU,
}


def make(model_dir: Path, models: stub.Table | None = None) -> ModuleType:
    """Return a fresh `triton_python_backend_utils` for a model whose version folder is model_dir.

    models answers what the model asks of others: a function for each model's name, from arrays by input name (batch included)
    to arrays by output name, or an iterable of such for a decoupled one.

    Raises:
        ServerError: the nvidia-pytriton wheel, which carries Triton's own part, is not installed.

    """
    path = embedded.find().binary.parents[1] / "backends" / "python" / f"{NAME}.py"
    spec = importlib.util.spec_from_file_location(NAME, path)
    if spec is None or spec.loader is None:
        raise ImportError(str(path))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, value in (*((name, getattr(stub, name)) for name in CLASSES), *CONSTANTS.items()):
        setattr(module, name, value)
    asked = dict(models or {})
    module.InferenceRequest = type("InferenceRequest", (stub.InferenceRequest,), {"models": asked})  # type: ignore[attr-defined]
    module.Logger = type("Logger", (stub.Logger,), {"lines": []})  # type: ignore[attr-defined]
    module.get_model_dir = lambda: str(model_dir)  # type: ignore[attr-defined]
    module.is_model_ready = lambda model_name, model_version="": model_name in asked  # type: ignore[attr-defined] # noqa: ARG005
    return module
