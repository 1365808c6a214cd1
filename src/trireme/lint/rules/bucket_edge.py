"""A step that pads to other lengths than the next one is made for.

The tensor between two steps of an ensemble has the lengths of the step that makes it; graphs and profiles of the step
that takes it are made for its own `parameters.buckets`.

Bad::

    ==> example/config.pbtxt <==
    platform: "ensemble"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    ensemble_scheduling { step [
      { model_name: "first" model_version: -1 input_map { key: "x" value: "x" } output_map { key: "ids" value: "ids" } },
      { model_name: "second" model_version: -1 input_map { key: "ids" value: "ids" } output_map { key: "y" value: "y" } } ] }
    ==> first/config.pbtxt <==
    backend: "python"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "ids" data_type: TYPE_INT64 dims: [ -1 ] }
    parameters { key: "buckets" value { string_value: "16,48" } }
    ==> first/1/model.py <==
    class TritonPythonModel:
        def execute(self, requests):
            return []
    ==> second/config.pbtxt <==
    backend: "python"
    input { name: "ids" data_type: TYPE_INT64 dims: [ -1 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    parameters { key: "buckets" value { string_value: "16,32" } }
    ==> second/1/model.py <==
    class TritonPythonModel:
        def execute(self, requests):
            return []

Good::

    ==> example/config.pbtxt <==
    platform: "ensemble"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    ensemble_scheduling { step [
      { model_name: "first" model_version: -1 input_map { key: "x" value: "x" } output_map { key: "ids" value: "ids" } },
      { model_name: "second" model_version: -1 input_map { key: "ids" value: "ids" } output_map { key: "y" value: "y" } } ] }
    ==> first/config.pbtxt <==
    backend: "python"
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "ids" data_type: TYPE_INT64 dims: [ -1 ] }
    parameters { key: "buckets" value { string_value: "16,32" } }
    ==> first/1/model.py <==
    class TritonPythonModel:
        def execute(self, requests):
            return []
    ==> second/config.pbtxt <==
    backend: "python"
    input { name: "ids" data_type: TYPE_INT64 dims: [ -1 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    parameters { key: "buckets" value { string_value: "16,32,64" } }
    ==> second/1/model.py <==
    class TritonPythonModel:
        def execute(self, requests):
            return []
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR711"
SEVERITY = "warning"


def check(model: Model) -> Iterator[Problem]:
    """Compare the buckets of the maker of each tensor with those of its takers; a taker may be made for more."""
    steps = [(at, step, member) for at, step, member in walk.steps(model) if member is not None and not member.broken]
    made = {
        name: member for _, step, member in steps for key, name in step.output_map.items() if _varies(member, "output", key)
    }
    for at, step, member in steps:
        for key, name in sorted(step.input_map.items()):
            before = walk.buckets(made[name]) if name in made else ()
            own = walk.buckets(member) if _varies(member, "input", key) else ()
            strange = [str(bucket) for bucket in before if bucket not in own]
            if own and strange:
                made_for = ", ".join(map(str, own))
                message = f"'{name}' is padded to {', '.join(strange)} too, and {member.name} is made for {made_for}"
                yield Problem(f"{at}.input_map['{key}']", message, "give both steps the same buckets")


def _varies(member: Model, side: str, name: str) -> bool:
    return any(tensor.name == name and -1 in tensor.dims for tensor in getattr(member.config, side))
