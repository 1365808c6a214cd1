"""A version below 0.

Triton takes a folder such as `-1` for a version, and -1 means the latest one everywhere else: a policy that serves it
hangs the server at its start.

Bad::

    ==> example/config.pbtxt <==
    backend: "python"
    version_policy { all { } }
    ==> example/-1/model.py <==
    class TritonPythonModel:
        def execute(self, requests):
            return []
    ==> example/1/model.py <==
    class TritonPythonModel:
        def execute(self, requests):
            return []

Good::

    ==> example/config.pbtxt <==
    backend: "python"
    version_policy { all { } }
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

CODE = "TR120"
SEVERITY = "error"
TRITON = r"the server hangs"


def check(model: Model) -> Iterator[Problem]:
    """Report each served version below 0."""
    for version in model.served:
        if version < 0:
            message = f"the version policy serves version {version}, and the server hangs at its start"
            yield Problem("version_policy", message, "move the folder away: versions begin at 1", model.path / str(version))
