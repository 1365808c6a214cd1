"""A repository agent that the server does not have.

NVIDIA's images carry `checksum`; the embedded server carries none. Checked where `--agents` says what the server has;
without it, any counts as there.
An empty `model_repository_agents` ends the server of release 24.10.

Bad::

    backend: "python"
    model_repository_agents { agents { name: "encrypt" } }

Good::

    backend: "python"
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.errors import suggestion
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR114"
SEVERITY = "error"
TRITON = r"repo agent|the server died"


def check(model: Model) -> Iterator[Problem]:
    """Report agents that the server is known not to have."""
    known = model.repository.options.agents
    if model.config.HasField("model_repository_agents") and not model.config.model_repository_agents.agents:
        yield Problem("model_repository_agents", "an empty list of repository agents ends the server", "leave it out", fix="")
    for number, agent in enumerate(model.config.model_repository_agents.agents):
        if known is not None and agent.name not in known:
            place = f"model_repository_agents.agents[{number}].name"
            yield Problem(place, f"the server has no repository agent '{agent.name}'", suggestion(agent.name, known))
