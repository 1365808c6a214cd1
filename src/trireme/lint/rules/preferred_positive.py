"""A preferred batch size of 0 or less.

Bad::

    backend: "python"
    max_batch_size: 8
    dynamic_batching { preferred_batch_size: [ 0 ] }

Good::

    backend: "python"
    max_batch_size: 8
    dynamic_batching { preferred_batch_size: [ 4, 8 ] }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR301"
SEVERITY = "error"
TRITON = r"preferred (batch )?size must be positive"


def check(model: Model) -> Iterator[Problem]:
    """Look at the sizes of both batchers."""
    for at, sizes in walk.preferred_sizes(model):
        for number, size in enumerate(sizes):
            if size <= 0:
                yield Problem(f"{at}[{number}]", f"a preferred batch size is {size}", "write sizes from 1 to max_batch_size")
