"""A control that does not say its two values.

START, END and READY take exactly one of `int32_false_true`, `fp32_false_true` and `bool_false_true`, with two
entries: the value for no, and the value for yes.

Bad::

    backend: "python"
    max_batch_size: 8
    sequence_batching { control_input { name: "START" control { kind: CONTROL_SEQUENCE_START } } }

Bad (one entry)::

    backend: "python"
    max_batch_size: 8
    sequence_batching { control_input { name: "START" control { kind: CONTROL_SEQUENCE_START fp32_false_true: [ 1 ] } } }

Good::

    backend: "python"
    max_batch_size: 8
    sequence_batching {
      control_input { name: "START" control { kind: CONTROL_SEQUENCE_START fp32_false_true: [ 0, 1 ] } }
    }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR403"
SEVERITY = "error"
TRITON = r"must specify either 'int32_false_true'|specifies more than one from|must have exactly 2 entries"

TYPES = ("int32_false_true", "fp32_false_true", "bool_false_true")


def check(model: Model) -> Iterator[Problem]:
    """Count the values of each control but the correlation id."""
    for number, control in enumerate(model.config.sequence_batching.control_input):
        for index, entry in enumerate(control.control):
            kind = walk.enum_name(entry, "kind")
            stated = [name for name in TYPES if getattr(entry, name)]
            place = f"sequence_batching.control_input[{number}].control[{index}]"
            if kind == "CONTROL_SEQUENCE_CORRID":
                continue
            if len(stated) != 1:
                message = f"{kind} states {' and '.join(stated) or 'no values'}"
                yield Problem(place, message, f"state one of {', '.join(TYPES)}")
            elif len(getattr(entry, stated[0])) != 2:  # noqa: PLR2004 - false and true
                message = f"{stated[0]} of {kind} has {len(getattr(entry, stated[0]))} of two entries"
                yield Problem(f"{place}.{stated[0]}", message, "write two: the value for no, the value for yes")
