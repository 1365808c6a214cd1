"""A model's file that is not there.

Each version folder holds the file that the backend asks for: `model.onnx`, `model.plan`, `model.pt`, `model.py`, or
what `default_model_filename` says. Of a Python model without its `model.py` release 24.10 does not say so: **the
whole server hangs at its start**.

Bad::

    ==> example/config.pbtxt <==
    backend: "python"
    ==> example/1/main.py <==
    class TritonPythonModel:
        pass

Good::

    backend: "python"
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.errors import suggestion
from trireme.lint import files
from trireme.lint.finding import Problem
from trireme.lint.identity import FILES, TENSORFLOW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR118"
SEVERITY = "error"
TRITON = (
    r"the server hangs|Stub process|unable to find|does not exist|no such file|No such file|is missing|model\.(onnx|plan|pt)"
)


def check(model: Model) -> Iterator[Problem]:
    """Report each served version without its file; a compute capability of its own may name another."""
    if (model.backend not in FILES and model.platform not in TENSORFLOW) or model.config.runtime == "model.py":
        return  # a backend in Python decides for itself what it reads
    others = set(model.config.cc_model_filenames.values())
    for version, entries in model.contents.items():
        held = {*entries.files, *entries.folders}
        if entries.problem:
            remedy = "let the server's user read it"
            yield Problem("", f"version {version} cannot be read: {entries.problem}", remedy, model.path / str(version))
        elif model.filename and not files.exists(model.file(version)) and not others & held:
            if model.backend == "tensorrt" and FILES["onnxruntime"] in held:
                continue  # TR119: the engine is built where the GPU is
            hangs = ", and the server hangs at its start" if model.backend == "python" else ""
            message = f"version {version} has no {model.filename}{hangs}"
            remedy = f"put it there; {suggestion(model.filename, held)}" if held else "put it there: the folder is empty"
            yield Problem("default_model_filename", message, remedy, model.path / str(version))
