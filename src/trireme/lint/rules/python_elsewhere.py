"""A Python environment outside of the model's folder that is not on this machine.

Whether the server has it cannot be seen from here; without it the model is refused.

Bad::

    backend: "python"
    parameters { key: "EXECUTION_ENV_PATH" value { string_value: "/opt/no/such/env.tar.gz" } }

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

CODE = "TR617"
SEVERITY = "warning"
TRITON = r"Failed to get the canonical path"

KEY = "EXECUTION_ENV_PATH"


def check(model: Model) -> Iterator[Problem]:
    """Look for a path that begins elsewhere."""
    path = model.config.parameters[KEY].string_value if KEY in model.config.parameters else ""
    if model.backend == "python" and path and not path.startswith("$$TRITON_MODEL_DIRECTORY") and not files.exists(Path(path)):
        remedy = "bring it along in the model's folder: $$TRITON_MODEL_DIRECTORY/..."
        yield Problem(f"parameters['{KEY}']", f"the environment '{path}' is not on this machine", remedy)
