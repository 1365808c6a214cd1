"""One control tensor for several controls, or one control twice.

Each name and each kind stands once.

Bad::

    backend: "python"
    max_batch_size: 8
    sequence_batching {
      control_input { name: "A" control { kind: CONTROL_SEQUENCE_START fp32_false_true: [ 0, 1 ] } }
      control_input { name: "A" control { kind: CONTROL_SEQUENCE_END fp32_false_true: [ 0, 1 ] } }
    }

Bad (a kind)::

    backend: "python"
    max_batch_size: 8
    sequence_batching {
      control_input { name: "A" control { kind: CONTROL_SEQUENCE_START fp32_false_true: [ 0, 1 ] } }
      control_input { name: "B" control { kind: CONTROL_SEQUENCE_START fp32_false_true: [ 0, 1 ] } }
    }

Good::

    backend: "python"
    max_batch_size: 8
    sequence_batching {
      control_input { name: "A" control { kind: CONTROL_SEQUENCE_START fp32_false_true: [ 0, 1 ] } }
      control_input { name: "B" control { kind: CONTROL_SEQUENCE_END fp32_false_true: [ 0, 1 ] } }
    }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR402"
SEVERITY = "error"
TRITON = r"is specified for multiple control kinds|sequence batching specifies multiple"


def check(model: Model) -> Iterator[Problem]:
    """Report every name and every kind that was there before."""
    names: set[str] = set()
    kinds: set[str] = set()
    for number, control in enumerate(model.config.sequence_batching.control_input):
        at = f"sequence_batching.control_input[{number}]"
        if control.name and control.name in names:
            yield Problem(f"{at}.name", f"there are two control inputs '{control.name}'", "give each a name of its own")
        names.add(control.name)
        for index, entry in enumerate(control.control):
            kind = walk.enum_name(entry, "kind")
            if kind in kinds:
                yield Problem(f"{at}.control[{index}].kind", f"{kind} is stated twice", "state it once")
            kinds.add(kind)
