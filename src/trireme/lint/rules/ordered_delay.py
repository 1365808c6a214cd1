"""Order is kept, and late requests are put last.

Bad::

    backend: "python"
    max_batch_size: 8
    dynamic_batching {
      preserve_ordering: true
      default_queue_policy { timeout_action: DELAY default_timeout_microseconds: 1000 }
    }

Good::

    backend: "python"
    max_batch_size: 8
    dynamic_batching {
      preserve_ordering: true
      default_queue_policy { timeout_action: REJECT default_timeout_microseconds: 1000 }
    }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR307"
SEVERITY = "error"
TRITON = r"can not have DELAY as timeout action"


def check(model: Model) -> Iterator[Problem]:
    """Report a policy with a timeout and DELAY beside preserve_ordering."""
    for at, policy in walk.queue_policies(model):
        delays = walk.enum_name(policy, "timeout_action") == "DELAY" and policy.default_timeout_microseconds
        if delays and model.config.dynamic_batching.preserve_ordering:
            message = "preserve_ordering is set, and a request that waited too long is put last (DELAY)"
            yield Problem(f"{at}.timeout_action", message, "use REJECT, or give up the order")
