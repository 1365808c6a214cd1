"""A correlation id of the wrong type.

CONTROL_SEQUENCE_CORRID states a `data_type`, TYPE_UINT64, TYPE_INT64, TYPE_UINT32, TYPE_INT32 or TYPE_STRING, and no
values.

Bad::

    backend: "python"
    max_batch_size: 8
    sequence_batching {
      control_input { name: "ID" control { kind: CONTROL_SEQUENCE_CORRID data_type: TYPE_FP32 } }
    }

Good::

    backend: "python"
    max_batch_size: 8
    sequence_batching {
      control_input { name: "ID" control { kind: CONTROL_SEQUENCE_CORRID data_type: TYPE_UINT64 } }
    }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR404"
SEVERITY = "error"
TRITON = r"unexpected data type for control CONTROL_SEQUENCE_CORRID|sequence batching must not specify either"

TYPES = ("TYPE_UINT64", "TYPE_INT64", "TYPE_UINT32", "TYPE_INT32", "TYPE_STRING")


def check(model: Model) -> Iterator[Problem]:
    """Look at the type of each, and for values."""
    for number, control in enumerate(model.config.sequence_batching.control_input):
        for index, entry in enumerate(control.control):
            place = f"sequence_batching.control_input[{number}].control[{index}]"
            if walk.enum_name(entry, "kind") != "CONTROL_SEQUENCE_CORRID":
                continue
            if entry.int32_false_true or entry.fp32_false_true or entry.bool_false_true:
                yield Problem(place, "the correlation id states values for true and false", "leave them out")
            elif walk.enum_name(entry) not in TYPES:
                message = f"the correlation id is {walk.enum_name(entry)}"
                yield Problem(f"{place}.data_type", message, f"write one of {', '.join(TYPES)}")
