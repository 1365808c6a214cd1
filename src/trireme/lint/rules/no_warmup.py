"""No warm-up under a latency goal.

The first requests after a load pay for memory, kernels and caches, and miss the goal. Said where `--latency-goal`, or
`latency_goal_ms` in the model's `lint.toml`, states one.

Bad::

    ==> example/config.pbtxt <==
    backend: "python"
    ==> example/lint.toml <==
    [lint]
    latency_goal_ms = 50

Good::

    ==> example/config.pbtxt <==
    backend: "python"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    model_warmup {
      name: "one"
      batch_size: 1
      inputs { key: "x" value { data_type: TYPE_FP32 dims: [ 3 ] zero_data: true } }
    }
    ==> example/lint.toml <==
    [lint]
    latency_goal_ms = 50
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import settings
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR707"
SEVERITY = "advice"


def check(model: Model) -> Iterator[Problem]:
    """Look for a warm-up of a model that has a goal."""
    goal = settings.read(model.path).latency_goal_ms or model.repository.options.latency_goal_ms
    if goal and not model.is_ensemble and not model.config.model_warmup:
        message = f"the goal is {goal:g} ms, and the first requests after a load are slower: there is no warm-up"
        yield Problem("", message, "add model_warmup with a sample of the usual size")
