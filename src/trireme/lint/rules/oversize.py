"""A config that is too large to be checked.

Nothing of more than 16 MiB is a config that somebody wrote; it is not read, so that nothing is known of the model.

Bad::

    ==> example/config.pbtxt <==
    (17 MiB)

Good::

    backend: "python"
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem
from trireme.lint.repository import TOO_LARGE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR007"
SEVERITY = "warning"


def check_folder(model: Model) -> Iterator[Problem]:
    """Report a config that was not read for its size."""
    if model.read[1] == TOO_LARGE:
        yield Problem("", f"the config is not checked: {TOO_LARGE}", "look at what it holds", model.config_path)
