"""A Python model without execute.

It loads, and fails every request.

Bad::

    ==> example/config.pbtxt <==
    backend: "python"
    ==> example/1/model.py <==
    class TritonPythonModel:
        def infer(self, requests):
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

CODE = "TR613"
SEVERITY = "warning"


def check(model: Model) -> Iterator[Problem]:
    """Look for the method."""
    for version, code in model.code.items():
        if code.has_class and code.known and "execute" not in code.methods:
            path = model.file(version)
            message = f"TritonPythonModel of version {version} has no method execute"
            yield Problem("", message, "add def execute(self, requests)", path, code.line)
