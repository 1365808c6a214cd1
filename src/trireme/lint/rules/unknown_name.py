"""A field or a value that Triton does not have.

One unknown field breaks the whole config: Triton's parser refuses the file. Most are misspelt, or belong one level
deeper.

Bad::

    backend: "python"
    max_batchsize: 8

Bad (a value)::

    backend: "python"
    input { name: "x" data_type: TYPE_FLOAT dims: [ 3 ] }

Good::

    backend: "python"
    max_batch_size: 8
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.errors import suggestion
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

OTHERS = {
    "FLOAT": "FP32",
    "FLOAT32": "FP32",
    "DOUBLE": "FP64",
    "FLOAT64": "FP64",
    "HALF": "FP16",
    "FLOAT16": "FP16",
    "BYTES": "STRING",
}
"""What other frameworks call Triton's types."""
CODE = "TR003"
SEVERITY = "error"
TRITON = r"failed to read text proto"


def check_folder(model: Model) -> Iterator[Problem]:
    """Report the unknown name with the nearest known one."""
    problem = model.parsed[1]
    if problem is not None and problem.unknown:
        other = OTHERS.get(problem.unknown.upper().removeprefix("TYPE_"))
        remedy = f"Triton's name is TYPE_{other}" if other else None
        yield Problem("", f"the config does not parse: {problem}", remedy or suggestion(problem.unknown, problem.known))
