"""A queue policy for priorities in a model that has none.

Bad::

    backend: "python"
    max_batch_size: 8
    dynamic_batching { priority_queue_policy { key: 1 value { max_queue_size: 10 } } }

Good::

    backend: "python"
    max_batch_size: 8
    dynamic_batching { default_queue_policy { max_queue_size: 10 } }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR305"
SEVERITY = "warning"


def check(model: Model) -> Iterator[Problem]:
    """Report policies without priority_levels."""
    batching = model.config.dynamic_batching
    if batching.priority_queue_policy and not batching.priority_levels:
        remedy = "set priority_levels, or use default_queue_policy"
        yield Problem("dynamic_batching.priority_queue_policy", "priority_levels is 0, so no request has this policy", remedy)
