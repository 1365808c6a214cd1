"""A field that the release does not have yet.

A field is unknown to every release before the one that brought it, and an unknown field breaks the whole config. Keep
`config.pbtxt` at the level of the oldest server that reads it, and put newer fields into `configs/<name>.pbtxt`,
which a server reads when it is started with `--model-config-name=<name>`.

Bad::

    backend: "python"
    model_metrics { metric_control { } }

Good::

    backend: "python"
    metric_tags { key: "team" value: "search" }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import releases
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR004"
SEVERITY = "error"
TRITON = r"failed to read text proto"


def check(model: Model) -> Iterator[Problem]:
    """Report each field and value with the release that brought it."""
    for path, name, since in releases.newer_names(model.config, model.releases):
        older = tuple(release for release in model.releases if release < since)
        message = f"{name.removeprefix('inference.')} came with release {since}, and {', '.join(older)} cannot parse it"
        yield Problem(path, message, "leave it out, or put it into configs/<name>.pbtxt", releases=older)
