"""A CUDA graph that no profile of the plan covers.

Each `graph_spec` is captured at a batch size and shapes that lie between the least and the most of one profile;
others fail to capture, which is only logged.

Bad::

    ==> example/config.pbtxt <==
    backend: "tensorrt"
    max_batch_size: 16
    optimization { cuda { graphs: true graph_spec { batch_size: 16 input { key: "x" value { dim: [ 3 ] } } } } }
    ==> example/1/model.plan <==
    (plan)
    ==> example/1/model.plan.json <==
    { "profiles": [ { "x": { "min": [1, 3], "opt": [4, 3], "max": [8, 3] } } ] }

Good::

    ==> example/config.pbtxt <==
    backend: "tensorrt"
    max_batch_size: 16
    optimization { cuda { graphs: true graph_spec { batch_size: 8 input { key: "x" value { dim: [ 3 ] } } } } }
    ==> example/1/model.plan <==
    (plan)
    ==> example/1/model.plan.json <==
    { "profiles": [ { "x": { "min": [1, 3], "opt": [4, 3], "max": [8, 3] } } ] }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR622"
SEVERITY = "error"
TRITON = r"optimization profile|CUDA graph"


def check(model: Model) -> Iterator[Problem]:
    """Compare each graph's shapes with each profile's range."""
    for path, plan in model.plans.items():
        for number, spec in enumerate(model.config.optimization.cuda.graph_spec):
            shapes = {
                name: [spec.batch_size, *value.dim] if model.config.max_batch_size else list(value.dim)
                for name, value in spec.input.items()
            }
            if plan.profiles and not any(profile.covers(shapes) for profile in plan.profiles):
                place = f"optimization.cuda.graph_spec[{number}]"
                message = f"no profile of {path} covers the graph at batch {spec.batch_size}"
                yield Problem(place, message, "build the plan with such a profile, or leave the graph out")
