"""A folder of a model that is neither a version nor one of Triton's.

Triton reads versions, `configs/`, `warmup/` and `initial_state/`. Others are passed over, and travel with every copy.
The first folder by name is also where Triton looks for a model's file when the config names no backend: one that
sorts before `1` hides it.

Bad::

    ==> example/config.pbtxt <==
    backend: "python"
    ==> example/1/model.py <==
    class TritonPythonModel:
        def execute(self, requests):
            return []
    ==> example/notebooks/train.ipynb <==
    {}

Good::

    ==> example/config.pbtxt <==
    backend: "python"
    ==> example/1/model.py <==
    class TritonPythonModel:
        def execute(self, requests):
            return []
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem
from trireme.lint.repository import LEADING_ZERO, version_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR702"
SEVERITY = "advice"

KNOWN = {"configs", "warmup", "initial_state", "__pycache__"}


def check(model: Model) -> Iterator[Problem]:
    """Report each other folder, but for those that labels or environments lie in."""
    named = [output.label_filename for output in model.config.output]
    named += [parameter.string_value for parameter in model.config.parameters.values()]
    for name in model.entries.folders:
        used = any(f"{name}/" in text for text in named)
        if name not in KNOWN and version_of(name) is None and not LEADING_ZERO.fullmatch(name) and not used:
            yield Problem(
                "", f"'{name}/' is no version, and nothing of Triton's", "move it out of the repository", model.path / name
            )
