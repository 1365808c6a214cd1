"""A metric tag that is no name of a label ends the server.

The tags become labels of Prometheus, `_` before each. The release 24.10 checks their names so late that the whole process
ends. A tag is letters, digits and underscores, and does not begin with an underscore.

Bad::

    backend: "python"
    metric_tags { key: "cost center" value: "42" }

Good::

    backend: "python"
    metric_tags { key: "cost_center" value: "42" }
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR115"
SEVERITY = "error"
TRITON = r"the server died: Invalid label name|the server hangs"
TAG = re.compile(r"(?!_)[a-zA-Z0-9_]*")


def check(model: Model) -> Iterator[Problem]:
    """Report each key that Prometheus takes for no label."""
    for key in model.config.metric_tags:
        if not TAG.fullmatch(key):
            remedy = "use letters, digits and underscores, and no underscore at the beginning"
            yield Problem(f"metric_tags['{key}']", f"the metric tag '{key}' ends the server: it is no label's name", remedy)
