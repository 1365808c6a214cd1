"""A folder that looks like a version and is none.

Triton skips a version folder with a leading zero, and logs it where nobody looks.

Bad::

    ==> example/config.pbtxt <==
    backend: "python"
    ==> example/1/model.py <==
    class TritonPythonModel:
        def execute(self, requests):
            return []
    ==> example/002/model.py <==
    class TritonPythonModel:
        def execute(self, requests):
            return []

Good::

    ==> example/config.pbtxt <==
    backend: "python"
    ==> example/1/model.py <==
    class TritonPythonModel:
        def execute(self, requests):
            return []
    ==> example/2/model.py <==
    class TritonPythonModel:
        def execute(self, requests):
            return []
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem
from trireme.lint.repository import LEADING_ZERO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR103"
SEVERITY = "warning"


def check(model: Model) -> Iterator[Problem]:
    """Report every folder of digits that begins with a zero."""
    for name in model.entries.folders:
        if LEADING_ZERO.fullmatch(name):
            message = f"Triton skips the folder '{name}': it begins with a zero"
            yield Problem("", message, f"rename it to {name.lstrip('0') or '0'}", model.path / name)
