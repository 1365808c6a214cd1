"""A response cache for sequences.

A cached answer knows nothing of the sequence it belongs to, so Triton refuses the pair.

Bad::

    backend: "python"
    max_batch_size: 8
    sequence_batching { }
    response_cache { enable: true }

Good::

    backend: "python"
    max_batch_size: 8
    response_cache { enable: true }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR312"
SEVERITY = "error"
TRITON = r"Response Cache does not currently support model .* with sequence"


def check(model: Model) -> Iterator[Problem]:
    """Report the pair."""
    if model.config.response_cache.enable and model.config.HasField("sequence_batching"):
        yield Problem("response_cache", "the response cache takes no sequences", "remove one of the two", fix="")
