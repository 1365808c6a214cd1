"""A slot utilization outside of 0 to 1.

Bad::

    backend: "python"
    max_batch_size: 8
    sequence_batching { direct { minimum_slot_utilization: 1.5 } }

Good::

    backend: "python"
    max_batch_size: 8
    sequence_batching { direct { minimum_slot_utilization: 0.5 } }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR405"
SEVERITY = "error"
TRITON = r"minimum slot utilization must be in range"


def check(model: Model) -> Iterator[Problem]:
    """Compare it with both ends."""
    share = model.config.sequence_batching.direct.minimum_slot_utilization
    if share < 0 or share > 1:
        place = "sequence_batching.direct.minimum_slot_utilization"
        yield Problem(place, f"minimum_slot_utilization is {share:g}", "write a share from 0 to 1")
