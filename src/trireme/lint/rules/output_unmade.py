"""An output of an ensemble that no step makes.

Either no step has a tensor of that name, or the step that makes it waits for a tensor that nothing makes.

Bad::

    ==> example/config.pbtxt <==
    platform: "ensemble"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "score" data_type: TYPE_FP32 dims: [ 3 ] }
    ensemble_scheduling { step { model_name: "member" model_version: -1
      input_map { key: "x" value: "x" } output_map { key: "y" value: "y" } } }
    ==> member/config.pbtxt <==
    backend: "python"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }

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

from trireme.errors import suggestion
from trireme.lint import flow
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR506"
SEVERITY = "error"
TRITON = r"ensemble output '.*' is not used|is not written"


def check(model: Model) -> Iterator[Problem]:
    """Follow the data from the inputs and look whether each output is reached."""
    if not model.config.HasField("ensemble_scheduling"):
        return
    data = flow.Flow(model)
    for number, tensor in enumerate(model.config.output):
        place = f"output[{number}].name"
        if tensor.name not in data.known:
            yield Problem(place, f"no step makes the output '{tensor.name}'", suggestion(tensor.name, data.known))
        elif tensor.name not in data.ready:
            missing = ", ".join(f"'{name}'" for name in data.missing_for(tensor.name))
            message = f"the output '{tensor.name}' is never made" + (f": nothing makes {missing}" if missing else "")
            yield Problem(place, message, "wire what is missing to an input or an output of a step")
