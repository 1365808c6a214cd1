"""A model's name is the name of its folder.

Leaving `name` out is right: Triton takes the folder's.

Bad::

    name: "resnet"
    backend: "python"

Good::

    name: "example"
    backend: "python"
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR101"
SEVERITY = "error"
TRITON = r"unexpected directory name '.*' for model"


def check(model: Model) -> Iterator[Problem]:
    """Compare the name with the folder's."""
    name = model.config.name
    if name and name != model.name:
        message = f"the name is '{name}' and the folder is '{model.name}'"
        yield Problem("name", message, "leave the name out, or write the folder's", fix=json.dumps(model.name))
