"""A runtime whose file is not there.

`runtime` names the backend's own file (since 24.01): a library, or the `model.py` of a Python-based backend. Triton
looks for it in the version folder, the model's folder and the backend's folder.

Bad::

    backend: "python"
    runtime: "libtriton_mine.so"

Good::

    backend: "python"
    runtime: "libtriton_python.so"
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR112"
SEVERITY = "error"
TRITON = r"unable to find .*backend library|must stay within"


def check(model: Model) -> Iterator[Problem]:
    """Report a runtime of the python backend other than its own; what other backends bring along is not known here."""
    runtime = model.config.runtime
    if not runtime or model.backend != "python" or runtime == "libtriton_python.so":
        return
    beside = [model.entries.files, *(entries.files for entries in model.contents.values())]
    if runtime == "model.py" or not any(runtime in files for files in beside):
        remedy = "leave runtime out: the python backend has one of its own"
        yield Problem("runtime", f"the python backend has no '{runtime}'", remedy)
