"""A preferred batch size above the largest batch.

Bad::

    backend: "python"
    max_batch_size: 8
    dynamic_batching { preferred_batch_size: [ 16 ] }

Good::

    backend: "python"
    max_batch_size: 16
    dynamic_batching { preferred_batch_size: [ 16 ] }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR302"
SEVERITY = "error"
TRITON = r"preferred (batch )?size must be <= max batch size"


def check(model: Model) -> Iterator[Problem]:
    """Compare the sizes of both batchers with max_batch_size."""
    most = model.config.max_batch_size
    for at, sizes in walk.preferred_sizes(model):
        for number, size in enumerate(sizes):
            if size > max(most, 0):
                message = f"a preferred batch size is {size}, and max_batch_size is {most}"
                yield Problem(f"{at}[{number}]", message, "raise max_batch_size, or lower the preferred size")
