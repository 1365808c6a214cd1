"""A path through execute that returns nothing.

A model that is not decoupled answers every request: `execute` returns a list with a response for each. None fails the
whole batch.

Bad::

    ==> example/config.pbtxt <==
    backend: "python"
    ==> example/1/model.py <==
    class TritonPythonModel:
        def execute(self, requests):
            if not self.ready:
                return
            return [self.answer(request) for request in requests]

Good::

    ==> example/config.pbtxt <==
    backend: "python"
    ==> example/1/model.py <==
    class TritonPythonModel:
        def execute(self, requests):
            if not self.ready:
                raise RuntimeError("not ready")
            return [self.answer(request) for request in requests]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR615"
SEVERITY = "warning"


def check(model: Model) -> Iterator[Problem]:
    """Report each such line of a model that is not decoupled."""
    if model.config.model_transaction_policy.decoupled:
        return
    for version, code in model.code.items():
        for line in code.returns_none if not code.completes else ():
            path = model.file(version)
            message = f"execute of version {version} may return None"
            yield Problem("", message, "return a list with a response for each request", path, line)
