"""A dynamic batcher in a model that does not batch.

With `max_batch_size: 0` the batcher queues requests and joins none.

Bad::

    backend: "python"
    dynamic_batching { }

Good::

    backend: "python"
    max_batch_size: 8
    dynamic_batching { }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR308"
SEVERITY = "warning"


def check(model: Model) -> Iterator[Problem]:
    """Report a batcher without max_batch_size; a queue policy is a use of its own."""
    config = model.config
    plain = config.HasField("dynamic_batching") and not config.dynamic_batching.HasField("default_queue_policy")
    if plain and not config.max_batch_size and not model.completes:
        remedy = "set max_batch_size (and leave the batch out of the dims), or remove dynamic_batching"
        yield Problem("dynamic_batching", "dynamic_batching joins nothing: max_batch_size is 0", remedy)
