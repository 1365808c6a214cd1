"""A queue limit below parallel steps, which hangs before 26.02.

When a step of an ensemble is refused by its model's full queue while another runs beside it, releases before 26.02
never answer the request, and the server cannot stop any more.

Bad::

    ==> example/config.pbtxt <==
    platform: "ensemble"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "z" data_type: TYPE_FP32 dims: [ 3 ] }
    ensemble_scheduling {
      step { model_name: "a" model_version: -1 input_map { key: "x" value: "x" } output_map { key: "y" value: "y" } }
      step { model_name: "b" model_version: -1 input_map { key: "x" value: "x" } output_map { key: "y" value: "z" } }
    }
    ==> a/config.pbtxt <==
    backend: "python"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    dynamic_batching { default_queue_policy { max_queue_size: 4 } }
    ==> b/config.pbtxt <==
    backend: "python"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }

Good::

    backend: "python"
    max_batch_size: 8
    dynamic_batching { default_queue_policy { max_queue_size: 4 } }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import flow, walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR518"
SEVERITY = "warning"

MENDED = "26.02"


def check(model: Model) -> Iterator[Problem]:
    """Report each member with a queue limit that runs beside another step."""
    older = tuple(release for release in model.releases if release < MENDED)
    entries = list(walk.steps(model))
    limited = {
        number
        for number, (_, _, member) in enumerate(entries)
        if older and member is not None and not member.broken
        if any(policy.max_queue_size for _, policy in walk.queue_policies(member))
    }
    before = flow.waits_for(model) if limited else []
    for number in sorted(limited):
        at, step, _ = entries[number]
        others = (other for other in range(len(entries)) if other != number)
        beside = next((other for other in others if other not in before[number] and number not in before[other]), None)
        if beside is not None:
            name = entries[beside][1].model_name
            message = f"'{step.model_name}' limits its queue and runs beside '{name}': a full queue hangs the request for ever"
            yield Problem(
                at, message, f"run the steps one after the other, drop max_queue_size, or use {MENDED}", releases=older
            )
