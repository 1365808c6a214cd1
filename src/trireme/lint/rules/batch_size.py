"""A batch size is not negative.

0 means that the model does not batch, and then its dims are the whole shape.

Bad::

    backend: "python"
    max_batch_size: -1

Good::

    backend: "python"
    max_batch_size: 0
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR113"
SEVERITY = "error"
TRITON = r"'max_batch_size' must be non-negative"


def check(model: Model) -> Iterator[Problem]:
    """Compare with 0."""
    if model.config.max_batch_size < 0:
        message = f"max_batch_size is {model.config.max_batch_size}"
        yield Problem("max_batch_size", message, "write 0 for a model that does not batch, else the largest batch", fix="0")
