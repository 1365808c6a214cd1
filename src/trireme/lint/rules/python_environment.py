"""A Python environment that is not there.

`EXECUTION_ENV_PATH` names an archive or a folder; `$$TRITON_MODEL_DIRECTORY` in front of it stands for the model's
folder. A path that lies elsewhere is looked for on this machine, and may well be there on the server's.

Bad::

    backend: "python"
    parameters { key: "EXECUTION_ENV_PATH" value { string_value: "$$TRITON_MODEL_DIRECTORY/env.tar.gz" } }

Good::

    backend: "python"
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import files
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR616"
SEVERITY = "error"
TRITON = r"Failed to get the canonical path|does not contain|activate"

VARIABLE = "$$TRITON_MODEL_DIRECTORY"


def check(model: Model) -> Iterator[Problem]:
    """Look for a path inside the model's folder."""
    path = model.config.parameters["EXECUTION_ENV_PATH"].string_value if "EXECUTION_ENV_PATH" in model.config.parameters else ""
    if model.backend == "python" and path.startswith(VARIABLE):
        found = model.path / path.removeprefix(VARIABLE).lstrip("/")
        if not files.exists(found):
            yield Problem(
                "parameters['EXECUTION_ENV_PATH']", f"the environment '{path}' is not there", "pack it, or leave it out"
            )
