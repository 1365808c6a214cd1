"""A response cache for a decoupled model.

A decoupled model answers as often as it likes; the cache keeps one answer. An ensemble is decoupled when one of its
members is.

Bad::

    backend: "python"
    model_transaction_policy { decoupled: true }
    response_cache { enable: true }

Good::

    backend: "python"
    response_cache { enable: true }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import flow
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR313"
SEVERITY = "error"
TRITON = r"Response Cache does not currently support model .* 'decoupled'"


def check(model: Model) -> Iterator[Problem]:
    """Report the pair, in an ensemble by way of its members."""
    if not model.config.response_cache.enable:
        return
    if model.config.model_transaction_policy.decoupled or flow.is_decoupled(model):
        message = "the response cache takes no decoupled model"
        yield Problem("response_cache", message, "remove the cache, or answer once", fix="")
