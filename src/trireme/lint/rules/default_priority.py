"""A default priority that is none of the levels.

With `priority_levels` requests have a priority from 1 (first) to that number, and `default_priority_level` says which
one a request gets that asks for none.

Bad::

    backend: "python"
    max_batch_size: 8
    dynamic_batching { priority_levels: 2 }

Good::

    backend: "python"
    max_batch_size: 8
    dynamic_batching { priority_levels: 2 default_priority_level: 2 }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR303"
SEVERITY = "error"
TRITON = r"default priority level must be in range"


def check(model: Model) -> Iterator[Problem]:
    """Compare it with the number of levels."""
    batching = model.config.dynamic_batching
    if batching.priority_levels and not 1 <= batching.default_priority_level <= batching.priority_levels:
        message = (
            f"default_priority_level is {batching.default_priority_level}, and the levels are 1 to {batching.priority_levels}"
        )
        yield Problem("dynamic_batching.default_priority_level", message, "name one of the levels")
