"""A path that the Python backend cannot load.

The backend imports the file as `<its folder>.<its name>`, so that neither may have a point in it or be the other's
name, nor the folder be called like a module that Python has. It hands the whole path and the model's name to a shell,
where spaces, quotes and the like mean something else: then the server hangs.

Bad::

    ==> example/config.pbtxt <==
    backend: "python"
    default_model_filename: "model.v2.py"
    ==> example/1/model.v2.py <==
    class TritonPythonModel:
        def execute(self, requests):
            return []

Bad (a space)::

    ==> example/config.pbtxt <==
    backend: "python"
    default_model_filename: "my model.py"
    ==> example/1/my model.py <==
    class TritonPythonModel:
        def execute(self, requests):
            return []

Bad (the model's own name)::

    ==> example (copy)/config.pbtxt <==
    backend: "python"
    ==> example (copy)/1/model.py <==
    class TritonPythonModel:
        def execute(self, requests):
            return []

Bad (no Python file)::

    ==> example/config.pbtxt <==
    backend: "python"
    default_model_filename: "model.txt"
    ==> example/1/model.txt <==
    class TritonPythonModel:
        def execute(self, requests):
            return []

Good::

    ==> example/config.pbtxt <==
    backend: "python"
    default_model_filename: "source/model_v2.py"
    ==> example/1/source/model_v2.py <==
    class TritonPythonModel:
        def execute(self, requests):
            return []
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem, Severity
from trireme.lint.walk import SHELL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trireme.lint.repository import Model, Repository

TAKEN = frozenset({
    "asyncio", "code", "collections", "concurrent", "ctypes", "curses", "dbm", "email", "encodings", "html", "http",
    "importlib", "json", "logging", "multiprocessing", "numpy", "os", "pathlib", "pickle", "queue", "random", "re",
    "select", "signal", "site", "socket", "sqlite3", "ssl", "string", "struct", "sys", "test", "threading", "time",
    "token", "types", "typing", "unittest", "urllib", "uuid", "wsgiref", "xml", "xmlrpc", "zipfile", "zoneinfo",
})  # fmt: skip
"""Modules that every Python on Linux has, of those that a folder is likely to be called; numpy, which the backend imports."""
CODE = "TR619"
SEVERITY = "error"
TRITON = r"must end with '.py'|No module named|the server hangs"


HANGS = "means something else to the shell that starts it, and the server hangs"


def note(model: Model) -> bool:
    """Say whether it is a Python model."""
    return bool(model.backend == "python")


def check_repository(repository: Repository, notes: Mapping[str, bool]) -> Iterator[Problem]:
    """Look at where the repository lies, which may be elsewhere when it is served."""
    where = str(repository.path.absolute())
    if SHELL & set(where) and any(notes.values()):
        yield Problem("", f"the path '{where}' {HANGS} when it serves from there", "move it", severity=Severity.WARNING)


def check(model: Model) -> Iterator[Problem]:
    """Look at the model's name, and at the name of each served version's file, where the file is there."""
    if model.code and SHELL & set(model.name):
        yield Problem("", f"the model's name '{model.name}' {HANGS}", "rename the folder", model.path)
    for version in model.code:
        problem = _problem(f"{version}/{model.filename}")
        if problem:
            yield Problem("default_model_filename", f"the file's name '{model.filename}' {problem}", "rename the file")


def _problem(path: str) -> str:
    """Return what is wrong with a path that begins with the version's folder."""
    folder, name = path.split("/")[-2:]
    stem = name.removesuffix(".py")
    if SHELL & set(path):
        return HANGS
    if not name.endswith(".py"):
        return "does not end with .py"
    if "." in stem or "." in folder or not folder:
        return "cannot be imported: a point is in it or in its folder's name, or the folder's name is empty"
    if folder in TAKEN:
        return f"cannot be imported: '{folder}' is a module that is there already"
    return "is its folder's name, so that Python takes one for the other" if stem == folder else ""
