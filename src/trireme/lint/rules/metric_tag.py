"""A metric tag that is no name of a label ends the server.

The tags become labels of Prometheus. The release 24.10 checks their names so late that the whole process ends. A
label's name is letters, digits and underscores, and begins with no digit or two underscores.

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
TRITON = r"the server died: Invalid label name"
LABEL = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*")


def check(model: Model) -> Iterator[Problem]:
    """Report each key that Prometheus takes for no label; an ensemble's tags are never used."""
    for key in model.config.metric_tags:
        if not LABEL.fullmatch(key):
            remedy = "use letters, digits and underscores, and begin with a letter"
            yield Problem(f"metric_tags['{key}']", f"the metric tag '{key}' ends the server: it is no label's name", remedy)
