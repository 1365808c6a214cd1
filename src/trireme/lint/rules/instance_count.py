"""A number of instances below 1.

Triton takes 0 and less for «not said» and chooses itself: one instance, and two on a CPU for onnxruntime and
tensorflow.

Bad::

    backend: "python"
    instance_group { count: -1 }

Good::

    backend: "python"
    instance_group { count: 1 }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR314"
SEVERITY = "warning"


def check(model: Model) -> Iterator[Problem]:
    """Report a negative count; 0 is the same as leaving it out."""
    for number, group in enumerate(model.config.instance_group):
        if group.count < 0:
            place = f"instance_group[{number}].count"
            yield Problem(place, f"count is {group.count}, and Triton takes its default", "write how many", fix="1")
