"""An ensemble with larger batches than a member takes.

A member with `max_batch_size: 0` may be part of an ensemble that batches when its dims begin with -1.

Bad::

    ==> example/config.pbtxt <==
    platform: "ensemble"
    max_batch_size: 64
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    ensemble_scheduling { step { model_name: "member" model_version: -1
      input_map { key: "x" value: "x" } output_map { key: "y" value: "y" } } }
    ==> member/config.pbtxt <==
    backend: "python"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }

Good::

    ==> example/config.pbtxt <==
    platform: "ensemble"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    ensemble_scheduling { step { model_name: "member" model_version: -1
      input_map { key: "x" value: "x" } output_map { key: "y" value: "y" } } }
    ==> member/config.pbtxt <==
    backend: "python"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR512"
SEVERITY = "error"
TRITON = r"allows maximum batch size"


def check(model: Model) -> Iterator[Problem]:
    """Compare max_batch_size with each member's."""
    most = model.config.max_batch_size
    known = [member for _, _, member in walk.steps(model) if member is not None and not member.broken]
    smaller = {member.name: member.config.max_batch_size for member in known if 0 < member.config.max_batch_size < most}
    least = min(smaller.values(), default=0)
    fix = None if model.repository.variant else str(least)  # the config is every machine's, and the member's may be one's own
    for name, size in smaller.items():
        message = f"max_batch_size is {most}, and '{name}' takes {size}"
        yield Problem("max_batch_size", message, f"lower it to {least}, or raise the member's", fix=fix)
