"""FORCE_CPU_ONLY_INPUT_TENSORS is yes or no.

Bad::

    backend: "python"
    parameters { key: "FORCE_CPU_ONLY_INPUT_TENSORS" value { string_value: "maybe" } }

Good::

    backend: "python"
    parameters { key: "FORCE_CPU_ONLY_INPUT_TENSORS" value { string_value: "no" } }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR618"
SEVERITY = "error"
TRITON = r"Incorrect value for FORCE_CPU_ONLY_INPUT_TENSORS"

KEY = "FORCE_CPU_ONLY_INPUT_TENSORS"


def check(model: Model) -> Iterator[Problem]:
    """Look at the word."""
    if model.backend == "python" and KEY in model.config.parameters:
        word = model.config.parameters[KEY].string_value
        if word not in {"yes", "no"}:
            yield Problem(f"parameters['{KEY}'].string_value", f"{KEY} is '{word}'", "write yes or no")
