"""An instance group for GPUs that the server does not have.

Checked where `--gpus` says how many there are. KIND_AUTO runs on a GPU where there is one and on the CPU elsewhere.

Bad::

    backend: "python"
    instance_group { kind: KIND_GPU }

Good::

    backend: "python"
    instance_group { kind: KIND_AUTO }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR309"
SEVERITY = "error"
TRITON = r"has kind KIND_GPU but no GPUs|invalid or unsupported gpu id"


def check(model: Model) -> Iterator[Problem]:
    """Compare kind and numbers with the GPUs there are."""
    gpus = model.repository.options.gpus
    for number, group in enumerate(model.config.instance_group):
        if gpus is None or walk.enum_name(group, "kind") != "KIND_GPU":
            continue
        missing = [gpu for gpu in group.gpus if not 0 <= gpu < gpus]
        if not gpus:
            fix = None if group.gpus else "KIND_AUTO"
            remedy = "write KIND_AUTO, or put the group into configs/<name>.pbtxt for the machines that have one"
            yield Problem(f"instance_group[{number}].kind", "KIND_GPU, and the server has no GPU", remedy, fix=fix)
        elif missing:
            message = f"GPU {', '.join(map(str, missing))} is named, and the server has {gpus}, counted from 0"
            yield Problem(f"instance_group[{number}].gpus", message, "name those there are, or leave gpus out for all")
