"""A resource that is both global and of each device.

With `--rate-limit=execution_count` Triton counts a resource either once for the server or once for each device; the
first model that is loaded decides, and the next is refused.

Bad::

    backend: "python"
    instance_group {
      count: 1
      rate_limiter { resources { name: "R" count: 1 } resources { name: "R" count: 1 global: true } }
    }

Good::

    backend: "python"
    instance_group { count: 1 rate_limiter { resources { name: "R" count: 1 } } }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trireme.lint.repository import Model, Repository

CODE = "TR315"
SEVERITY = "warning"


def note(model: Model) -> list[tuple[str, bool]]:
    """Return the names of the resources that the model takes, and whether each is global."""
    resources = [resource for group in model.config.instance_group for resource in group.rate_limiter.resources]
    return [(resource.name, bool(getattr(resource, "global"))) for resource in resources]


def check_repository(repository: Repository, notes: Mapping[str, list[tuple[str, bool]]]) -> Iterator[Problem]:
    """Compare the resources of all models."""
    first: dict[str, tuple[bool, str]] = {}
    for name, taken in sorted(notes.items()):
        for resource, shared in taken:
            known, owner = first.setdefault(resource, (shared, name))
            if shared != known:
                message = f"the resource '{resource}' of {name} is global on one side only (see {owner})"
                place = repository.models[name].config_path
                yield Problem("", message, "state `global` alike everywhere", place, model=name)
