"""A repository without a model.

Triton starts with an empty repository and serves nothing; the path is usually wrong by one folder.

Bad::

    ==> readme.txt <==
    nothing but a file

Good::

    backend: "python"
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trireme.lint.repository import Repository

CODE = "TR006"
SEVERITY = "warning"


def check_repository(repository: Repository, _notes: Mapping[str, None]) -> Iterator[Problem]:
    """Report a repository that cannot be read, or in which no folder is."""
    if repository.entries.problem:
        remedy = "name the folder that holds the models' folders"
        yield Problem("", f"the repository cannot be read: {repository.entries.problem}", remedy)
    elif not repository.models:
        remedy = "name the folder that holds the models' folders; each model is a folder"
        yield Problem("", "the repository holds no model", remedy)
