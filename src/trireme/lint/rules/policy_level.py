"""A queue policy for a priority that there is not.

Bad::

    backend: "python"
    max_batch_size: 8
    dynamic_batching {
      priority_levels: 2
      default_priority_level: 2
      priority_queue_policy { key: 3 value { max_queue_size: 10 } }
    }

Good::

    backend: "python"
    max_batch_size: 8
    dynamic_batching {
      priority_levels: 2
      default_priority_level: 2
      priority_queue_policy { key: 2 value { max_queue_size: 10 } }
    }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR304"
SEVERITY = "error"
TRITON = r"priority queue policy must have priority level in range"


def check(model: Model) -> Iterator[Problem]:
    """Compare each key with the number of levels."""
    batching = model.config.dynamic_batching
    for level in batching.priority_queue_policy:
        if batching.priority_levels and not 1 <= level <= batching.priority_levels:
            message = f"there is a queue policy for priority {level}, and the levels are 1 to {batching.priority_levels}"
            yield Problem("dynamic_batching.priority_queue_policy", message, "name one of the levels")
