"""Requests time out while the batcher waits for more of them.

A request alone waits `max_queue_delay_microseconds` for company. When it may wait less than that, it is refused on
every quiet day.

Bad::

    backend: "python"
    max_batch_size: 8
    dynamic_batching {
      max_queue_delay_microseconds: 5000
      default_queue_policy { default_timeout_microseconds: 1000 }
    }

Good::

    backend: "python"
    max_batch_size: 8
    dynamic_batching {
      max_queue_delay_microseconds: 500
      default_queue_policy { default_timeout_microseconds: 100000 }
    }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR316"
SEVERITY = "warning"


def check(model: Model) -> Iterator[Problem]:
    """Compare the delay with each policy's timeout."""
    delay = model.config.dynamic_batching.max_queue_delay_microseconds
    for at, policy in walk.queue_policies(model):
        if 0 < policy.default_timeout_microseconds <= delay:
            message = f"a request may wait {policy.default_timeout_microseconds} us, and the batcher waits {delay} us for more"
            yield Problem(
                f"{at}.default_timeout_microseconds", message, "raise the timeout, or lower max_queue_delay_microseconds"
            )
