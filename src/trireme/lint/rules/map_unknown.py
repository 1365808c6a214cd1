"""A step that maps a tensor which the model does not have.

Bad::

    ==> example/config.pbtxt <==
    platform: "ensemble"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    ensemble_scheduling { step { model_name: "member" model_version: -1
      input_map { key: "features" value: "x" } output_map { key: "y" value: "y" } } }
    ==> member/config.pbtxt <==
    backend: "python"
    input { name: "feature" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }

Good::

    ==> example/config.pbtxt <==
    platform: "ensemble"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    ensemble_scheduling { step { model_name: "member" model_version: -1
      input_map { key: "feature" value: "x" } output_map { key: "y" value: "y" } } }
    ==> member/config.pbtxt <==
    backend: "python"
    input { name: "feature" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.errors import suggestion
from trireme.lint import walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR513"
SEVERITY = "error"
TRITON = r"is mapping to non-existing input|is mapped from non-existing output"


def check(model: Model) -> Iterator[Problem]:
    """Look each key up among the member's tensors."""
    for at, step, member in walk.steps(model):
        if member is None or not walk.is_known(member):
            continue
        for side in ("input", "output"):
            known = walk.names(getattr(member.config, side))
            for key in sorted(getattr(step, f"{side}_map")):
                if key not in known:
                    message = f"'{member.name}' has no {side} '{key}'"
                    yield Problem(f"{at}.{side}_map['{key}']", message, suggestion(key, known))
