"""An ensemble that does not say so, or says more.

`ensemble_scheduling` and `platform: "ensemble"` go together, without a backend.

Bad::

    backend: "python"
    ensemble_scheduling { step { model_name: "a" } }

Bad (no scheduling)::

    platform: "ensemble"

Good::

    ==> example/config.pbtxt <==
    platform: "ensemble"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    ensemble_scheduling { step { model_name: "member" model_version: -1
      input_map { key: "x" value: "x" } output_map { key: "y" value: "y" } } }
    ==> member/config.pbtxt <==
    backend: "python"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR501"
SEVERITY = "error"
TRITON = (
    r"ensemble scheduling (cannot|must) be set|must have platform type 'ensemble' and empty backend|Could not determine backend"
)


def check(model: Model) -> Iterator[Problem]:
    """Compare the scheduler with platform and backend."""
    scheduled = model.config.HasField("ensemble_scheduling")
    if model.config.platform == "ensemble" and model.config.backend:
        yield Problem("backend", f"an ensemble has the backend '{model.config.backend}'", "leave the backend out")
    elif scheduled and model.config.platform != "ensemble":
        yield Problem("ensemble_scheduling", "the model has steps, and is no ensemble", 'add platform: "ensemble"')
    elif not scheduled and model.config.platform == "ensemble":
        yield Problem("platform", "the ensemble has no steps", "add ensemble_scheduling { step { ... } }")
