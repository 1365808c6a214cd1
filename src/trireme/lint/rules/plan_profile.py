"""A TensorRT profile that the plan does not have.

What a plan holds is read from the plan where TensorRT is installed, and else from the record beside it,
`model.plan.json`.

Bad::

    ==> example/config.pbtxt <==
    backend: "tensorrt"
    max_batch_size: 8
    instance_group { profile: "2" }
    ==> example/1/model.plan <==
    (plan)
    ==> example/1/model.plan.json <==
    { "profiles": [ { "x": { "min": [1, 3], "opt": [4, 3], "max": [8, 3] } } ] }

Good::

    ==> example/config.pbtxt <==
    backend: "tensorrt"
    max_batch_size: 8
    instance_group { profile: "0" }
    ==> example/1/model.plan <==
    (plan)
    ==> example/1/model.plan.json <==
    { "profiles": [ { "x": { "min": [1, 3], "opt": [4, 3], "max": [8, 3] } } ] }
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR621"
SEVERITY = "error"
TRITON = r"optimization profile"


def check(model: Model) -> Iterator[Problem]:
    """Compare each profile with those of the plan."""
    for path, plan in model.plans.items():
        for number, group in enumerate(model.config.instance_group):
            for index, profile in enumerate(group.profile):
                if re.fullmatch(r"[0-9]{1,9}", profile) and plan.profiles and int(profile) >= len(plan.profiles):
                    place = f"instance_group[{number}].profile[{index}]"
                    message = f"{path} has no profile {profile}: its last is {len(plan.profiles) - 1}"
                    yield Problem(place, message, "name one of them, or build the plan with more")
