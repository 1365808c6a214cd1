"""A batching strategy that is not there.

The parameter `TRITON_BATCH_STRATEGY_PATH` names a library that decides which requests to batch. Triton refuses the model
when the file is not there; a path of another machine cannot be looked at from here.

Bad::

    backend: "python"
    max_batch_size: 8
    dynamic_batching { }
    parameters { key: "TRITON_BATCH_STRATEGY_PATH" value { string_value: "/no/such/libbatching.so" } }

Good::

    backend: "python"
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from trireme.lint import files
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR317"
SEVERITY = "warning"
TRITON = r"Batching library path not found"

KEY = "TRITON_BATCH_STRATEGY_PATH"


def check(model: Model) -> Iterator[Problem]:
    """Look for the file."""
    path = model.config.parameters[KEY].string_value if KEY in model.config.parameters else ""
    if path and not files.exists(Path(path)):
        message = f"the batching strategy '{path}' is not on this machine"
        yield Problem(f"parameters['{KEY}']", message, "put it there, or leave the parameter out")
