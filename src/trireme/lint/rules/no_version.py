"""A model of which no version is served.

A version is a folder whose name is a number without leading zeros; an ensemble needs one too, and it may be empty.
The version policy then chooses among the folders, and something has to be left.

Bad::

    ==> example/config.pbtxt <==
    backend: "python"
    version_policy { specific { versions: [ 3 ] } }
    ==> example/1/model.py <==
    class TritonPythonModel:
        def execute(self, requests):
            return []

Bad (a leading zero)::

    ==> example/config.pbtxt <==
    backend: "python"
    ==> example/01/model.py <==
    class TritonPythonModel:
        def execute(self, requests):
            return []

Good::

    backend: "python"
    version_policy { specific { versions: [ 1 ] } }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR102"
SEVERITY = "error"
TRITON = r"at least one version must be available under the version policy"


def check(model: Model) -> Iterator[Problem]:
    """Report which versions there are and which the policy asks for."""
    if model.served or not (model.backend or model.platform):
        return
    if not model.versions:
        yield Problem("", "there is no version folder", "make one: a folder named 1, with the model's file in it")
        return
    have = ", ".join(map(str, sorted(model.versions)))
    policy = model.config.version_policy
    asked = ", ".join(map(str, policy.specific.versions)) or "none"
    wanted = f"asks for {asked}" if policy.HasField("specific") else "serves the latest 0"
    yield Problem("version_policy", f"the version policy {wanted}, and the folders are {have}", "name a version that is there")
