"""A backend that is not among those the server has.

Checked where `--backends` says what the server has; TR110 is the same without that knowledge.

Bad::

    backend: "nosuch"

Good::

    backend: "python"
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.errors import suggestion
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR111"
SEVERITY = "error"
TRITON = r"unable to find .*backend library"


def check(model: Model) -> Iterator[Problem]:
    """Report a backend that neither the model nor the server brings."""
    known = model.repository.options.backends
    if known is None or not model.backend or model.backend in known or model.config.runtime or model.platform == "ensemble":
        return
    library = f"libtriton_{model.backend}.so"
    own = [model.entries.files, *(entries.files for entries in model.contents.values())]
    if not any(library in files for files in own):
        yield Problem("backend", f"the server has no backend '{model.backend}'", suggestion(model.backend, known))
