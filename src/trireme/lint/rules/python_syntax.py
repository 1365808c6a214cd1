"""A Python model that does not parse.

It is parsed by the Python that runs this check; the server's may be another.

Bad::

    ==> example/config.pbtxt <==
    backend: "python"
    ==> example/1/model.py <==
    class TritonPythonModel:
        def execute(self, requests) return []

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

CODE = "TR611"
SEVERITY = "error"
TRITON = r"SyntaxError|IndentationError|TabError|UnicodeDecodeError|null bytes"


def check(model: Model) -> Iterator[Problem]:
    """Report the interpreter's own sentence."""
    for version, code in model.code.items():
        if code.problem:
            path = model.file(version)
            yield Problem("", f"{model.filename} of version {version}: {code.problem}", "mend the code", path, code.line)
