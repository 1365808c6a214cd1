"""Compiled Python inside the repository.

The Python backend writes `__pycache__` beside `model.py`. Its new files make Triton think that the model changed: the
next poll or load takes every instance down and up again. Serve from a read-only copy, or keep code in the backend.

Bad::

    ==> example/config.pbtxt <==
    backend: "python"
    ==> example/1/model.py <==
    class TritonPythonModel:
        def execute(self, requests):
            return []
    ==> example/1/__pycache__/model.cpython-311.pyc <==
    compiled

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

CODE = "TR701"
SEVERITY = "advice"


def check(model: Model) -> Iterator[Problem]:
    """Look for the folder in the model's and in each served version's."""
    for folder, entries in [("", model.entries), *((str(version), held) for version, held in model.contents.items())]:
        if "__pycache__" in entries.folders:
            place = "/".join(part for part in (folder, "__pycache__") if part)
            yield Problem("", f"{place}/ makes Triton think that the model changed", "remove it", model.path / place)
