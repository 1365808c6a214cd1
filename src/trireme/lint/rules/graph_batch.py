"""A CUDA graph for a batch that never comes.

Bad::

    ==> example/config.pbtxt <==
    backend: "tensorrt"
    max_batch_size: 8
    optimization { cuda { graphs: true graph_spec { batch_size: 16 } } }
    ==> example/1/model.plan <==
    (plan)

Good::

    ==> example/config.pbtxt <==
    backend: "tensorrt"
    max_batch_size: 8
    optimization { cuda { graphs: true graph_spec { batch_size: 8 } } }
    ==> example/1/model.plan <==
    (plan)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR704"
SEVERITY = "warning"


def check(model: Model) -> Iterator[Problem]:
    """Compare each graph's batch with max_batch_size."""
    most = model.config.max_batch_size
    for number, spec in enumerate(model.config.optimization.cuda.graph_spec):
        place = f"optimization.cuda.graph_spec[{number}]"
        if spec.batch_size > most:
            yield Problem(
                f"{place}.batch_size", f"a graph has batch {spec.batch_size}, and max_batch_size is {most}", "lower it"
            )
        elif spec.batch_size < 1 <= most:
            yield Problem(f"{place}.batch_size", "a graph has no batch size, and the model batches", "state one from 1 on")
