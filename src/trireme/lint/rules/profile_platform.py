"""A TensorRT profile in a model of another kind, or one that is no number.

Bad::

    backend: "python"
    instance_group { profile: "0" }

Good::

    backend: "python"
    instance_group { count: 1 }
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR311"
SEVERITY = "error"
TRITON = r"specifies profile field which is only supported|specifies invalid profile|unable to parse"


def check(model: Model) -> Iterator[Problem]:
    """Look at the platform, then at each profile."""
    for number, group in enumerate(model.config.instance_group):
        for index, profile in enumerate(group.profile):
            place = f"instance_group[{number}].profile[{index}]"
            if model.platform != "tensorrt_plan":
                yield Problem(place, "a profile is stated, and only TensorRT has profiles", "leave it out")
            elif not re.match(r"\s*\+?\d", profile, re.ASCII):
                yield Problem(place, f"the profile '{profile}' is no number", "profiles are counted from 0")
