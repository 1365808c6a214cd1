"""A plan and its record that differ.

The record beside a plan, `model.plan.json`, says what the plan was built from and for. A plan that was exchanged
under it is not what the record says.

Bad::

    ==> example/config.pbtxt <==
    backend: "tensorrt"
    ==> example/1/model.plan <==
    (plan)
    ==> example/1/model.plan.json <==
    { "sha256": "0000", "profiles": [] }

Good::

    ==> example/config.pbtxt <==
    backend: "tensorrt"
    ==> example/1/model.plan <==
    (plan)
    ==> example/1/model.plan.json <==
    { "profiles": [] }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR623"
SEVERITY = "warning"


def check(model: Model) -> Iterator[Problem]:
    """Report each record that cannot be read, or whose digest is another's."""
    for path, plan in model.plans.items():
        if plan.problem:
            record = model.path / f"{path}.json"
            yield Problem("", f"the record of {path}: {plan.problem}", "build the plan anew, with its record", record)
