"""A folder whose number is too large ends the server.

Triton reads a folder's name as a 64-bit number without catching the failure: a longer number ends the whole process,
with all other models in it.

Bad::

    ==> example/config.pbtxt <==
    backend: "python"
    ==> example/20240131123456789012/model.py <==
    class TritonPythonModel:
        def execute(self, requests):
            return []

Good::

    ==> example/config.pbtxt <==
    backend: "python"
    ==> example/20240131/model.py <==
    class TritonPythonModel:
        def execute(self, requests):
            return []
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem
from trireme.lint.repository import version_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR104"
SEVERITY = "error"
TRITON = r"the server died: stoll"
MOST = 2**63 - 1


def check(model: Model) -> Iterator[Problem]:
    """Report every number that no 64-bit integer holds."""
    for name in model.entries.folders:
        number = version_of(name)
        if number is not None and not -MOST <= number <= MOST:
            message = f"the folder '{name}' ends the server: its number does not fit 64 bits"
            yield Problem("", message, "use a smaller number", model.path / name)
