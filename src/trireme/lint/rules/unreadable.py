"""A config that Triton cannot read.

Triton gives up on the model when `config.pbtxt` cannot be opened: a folder or a link to nothing in its place, or a
file that the server's user may not read.

Bad::

    ==> example/config.pbtxt/notes.txt <==
    a folder where the config should be

Good::

    backend: "python"
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import files
from trireme.lint.finding import Problem
from trireme.lint.repository import TOO_LARGE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR001"
SEVERITY = "error"
TRITON = r"failed to (open text file|read text proto)|[Ii]s a directory|Permission denied|the server died: basic_string"


def check_folder(model: Model) -> Iterator[Problem]:
    """Report a config, or a whole folder, that the operating system does not give."""
    if model.entries.problem:
        yield Problem("", f"the folder cannot be read: {model.entries.problem}", "let the server's user read it", model.path)
    elif model.read[1] not in {"", TOO_LARGE}:
        remedy = "put a readable text file there, or remove it"
        ends = ", which ends the server" if files.is_folder(model.config_path) else ""
        yield Problem("", f"the config cannot be read: {model.read[1]}{ends}", remedy, model.config_path)
