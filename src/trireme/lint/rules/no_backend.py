"""A folder that is no model.

Triton takes every folder of a repository for a model. Without a config that names a backend, and without a file it
knows in the first folder (`model.onnx`, `model.plan`, `model.pt`, `model.py`, ...), it gives up; `docs/`, `.git/` and
`__pycache__/` become failed models in this way.

Bad::

    ==> example/notes/readme.txt <==
    not a model at all

Good::

    ==> example/config.pbtxt <==
    backend: "python"
    ==> example/1/model.py <==
    class TritonPythonModel:
        def execute(self, requests):
            return []
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import files
from trireme.lint.finding import Problem
from trireme.lint.identity import FILES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR107"
SEVERITY = "error"
TRITON = r"Could not determine backend|Invalid model name"


def check(model: Model) -> Iterator[Problem]:
    """Report a model whose backend neither the config nor a file tells."""
    config = model.config
    if model.backend or model.platform or config.default_model_filename:
        return
    if not files.is_file(model.config_path):
        remedy = f"move the folder out of the repository, or give it a config or one of {', '.join(FILES.values())}"
        yield Problem("", f"Triton takes the folder '{model.name}' for a model, and it has no config", remedy)
    else:
        yield Problem("", "the config names no backend, and no file tells it", 'add a line: backend: "..."')
