"""A Python model without its class.

The Python backend looks for a class named `TritonPythonModel`.

Bad::

    ==> example/config.pbtxt <==
    backend: "python"
    ==> example/1/model.py <==
    class Model:
        def execute(self, requests):
            return []

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

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR612"
SEVERITY = "error"
TRITON = r"has no attribute 'TritonPythonModel'|object is not callable"


def check(model: Model) -> Iterator[Problem]:
    """Look for the class, or an import that may bring it."""
    for version, code in model.code.items():
        if not code.problem and not code.has_class:
            path = model.file(version)
            message = f"{model.filename} of version {version} has no class TritonPythonModel"
            yield Problem("", message, "name the class so", path)
