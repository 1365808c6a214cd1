"""A version that the policy names and that is not there.

Triton logs it and serves the others, so nobody notices until a client asks for it.

Bad::

    backend: "python"
    version_policy { specific { versions: [ 1, 2 ] } }

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

CODE = "TR106"
SEVERITY = "warning"


def check(model: Model) -> Iterator[Problem]:
    """Report each version that has no folder, when others have."""
    if not model.served:
        return
    for number, version in enumerate(model.config.version_policy.specific.versions):
        if version not in model.versions:
            have = ", ".join(map(str, sorted(model.versions)))
            message = f"version {version} has no folder; there are {have}"
            yield Problem(f"version_policy.specific.versions[{number}]", message, "build it, or leave it out")
