"""A control tensor without a name.

Bad::

    backend: "python"
    max_batch_size: 8
    sequence_batching {
      control_input { control { kind: CONTROL_SEQUENCE_START fp32_false_true: [ 0, 1 ] } }
    }

Good::

    backend: "python"
    max_batch_size: 8
    sequence_batching {
      control_input { name: "START" control { kind: CONTROL_SEQUENCE_START fp32_false_true: [ 0, 1 ] } }
    }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR401"
SEVERITY = "error"
TRITON = r"control tensor must have a name"


def check(model: Model) -> Iterator[Problem]:
    """Report each control input without one."""
    for number, control in enumerate(model.config.sequence_batching.control_input):
        if not control.name:
            yield Problem(f"sequence_batching.control_input[{number}]", "a control input has no name", 'add name: "..."')
