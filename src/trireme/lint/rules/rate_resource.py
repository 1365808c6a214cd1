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
    from collections.abc import Iterator

    from trireme.lint.repository import Repository

CODE = "TR315"
SEVERITY = "warning"


def check_repository(repository: Repository) -> Iterator[Problem]:
    """Compare the resources of all models."""
    first: dict[str, tuple[bool, str]] = {}
    for model in repository.models.values():
        for group in () if model.broken else model.config.instance_group:
            for resource in group.rate_limiter.resources:
                shared, owner = first.setdefault(resource.name, (_shared(resource), model.name))
                if shared != _shared(resource):
                    message = f"the resource '{resource.name}' of {model.name} is global on one side only (see {owner})"
                    yield Problem("", message, "state `global` alike everywhere", model.config_path, model=model.name)


def _shared(resource: object) -> bool:
    return bool(getattr(resource, "global"))
