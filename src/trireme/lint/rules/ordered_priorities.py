"""Order is kept, and priorities overtake.

Bad::

    backend: "python"
    max_batch_size: 8
    dynamic_batching { preserve_ordering: true priority_levels: 2 default_priority_level: 1 }

Good::

    backend: "python"
    max_batch_size: 8
    dynamic_batching { preserve_ordering: true }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR306"
SEVERITY = "error"
TRITON = r"Only one priority level is allowed when 'preserve_ordering'"


def check(model: Model) -> Iterator[Problem]:
    """Report more than one level with preserve_ordering."""
    batching = model.config.dynamic_batching
    if batching.preserve_ordering and batching.priority_levels > 1:
        message = f"preserve_ordering is set, and there are {batching.priority_levels} priorities"
        yield Problem("dynamic_batching.preserve_ordering", message, "choose one of the two")
