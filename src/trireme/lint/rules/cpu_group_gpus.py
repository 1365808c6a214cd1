"""GPUs in an instance group that has none.

KIND_CPU and KIND_MODEL take no `gpus`. KIND_AUTO with `gpus` becomes KIND_CPU on a server without those GPUs, and is
then refused for the same reason.

Bad::

    backend: "python"
    instance_group { kind: KIND_CPU gpus: [ 0 ] }

Good::

    backend: "python"
    instance_group { kind: KIND_CPU }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR310"
SEVERITY = "error"
TRITON = r"has kind KIND_(CPU|MODEL) but specifies one or more GPUs"


def check(model: Model) -> Iterator[Problem]:
    """Look at the kind, and at the GPUs there are where that is known."""
    gpus = model.repository.options.gpus
    for number, group in enumerate(model.config.instance_group):
        kind = walk.enum_name(group, "kind")
        falls_back = kind == "KIND_AUTO" and gpus is not None and any(not 0 <= gpu < gpus for gpu in group.gpus)
        if group.gpus and (kind in {"KIND_CPU", "KIND_MODEL"} or falls_back):
            message = f"{kind} takes no gpus" if not falls_back else "KIND_AUTO names GPUs that the server does not have"
            yield Problem(f"instance_group[{number}].gpus", message, "leave gpus out, or write KIND_GPU")
