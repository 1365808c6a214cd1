"""A config that is not protobuf text.

The parser's own sentence, with its line and column. A field that is stated twice, two schedulers in one model, a
number that is too large for its field and a mark that is missing all end here.

Bad::

    backend: "python"
    max_batch_size: 8
    max_batch_size: 16

Bad (two schedulers)::

    backend: "python"
    max_batch_size: 8
    dynamic_batching { }
    sequence_batching { }

Good::

    backend: "python"
    max_batch_size: 16
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR002"
SEVERITY = "error"
TRITON = r"failed to read text proto"


def check_folder(model: Model) -> Iterator[Problem]:
    """Report why the text does not parse, unless it is a name that nobody knows (TR003)."""
    problem = model.parsed[1]
    if problem is not None and not problem.unknown:
        yield Problem("", f"the config does not parse: {problem}", "mend the text at this place")
