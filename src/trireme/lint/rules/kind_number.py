"""A kind given by a number that has no name.

Protobuf takes any number for an enumeration, and Triton then looks for its name.

Bad::

    backend: "python"
    instance_group { kind: 77 }

Bad (of a batch input)::

    backend: "python"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    batch_input { kind: 77 target_name: "sizes" data_type: TYPE_INT32 source_input: "x" }

Good::

    backend: "python"
    instance_group { kind: KIND_CPU }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR318"
SEVERITY = "error"
TRITON = r"unexpected kind|JSON non-string as string"


def check(model: Model) -> Iterator[Problem]:
    """Look each kind up."""
    for field in ("instance_group", "batch_input", "batch_output"):
        for number, entry in enumerate(getattr(model.config, field)):
            names = entry.DESCRIPTOR.fields_by_name["kind"].enum_type.values_by_number
            if entry.kind not in names:
                known = ", ".join(value.name for value in names.values())
                yield Problem(f"{field}[{number}].kind", f"there is no kind {entry.kind}", f"write one of {known}")
