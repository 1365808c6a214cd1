"""Preferred batches for which no CUDA graph is captured.

With `graph_spec`, only the batch sizes stated there run as graphs; a preferred batch of another size is launched
kernel by kernel.

Bad::

    ==> example/config.pbtxt <==
    backend: "tensorrt"
    max_batch_size: 8
    dynamic_batching { preferred_batch_size: [ 4, 8 ] }
    optimization { cuda { graphs: true graph_spec { batch_size: 8 } } }
    ==> example/1/model.plan <==
    (plan)

Good::

    ==> example/config.pbtxt <==
    backend: "tensorrt"
    max_batch_size: 8
    dynamic_batching { preferred_batch_size: [ 4, 8 ] }
    optimization { cuda { graphs: true graph_spec { batch_size: 4 } graph_spec { batch_size: 8 } } }
    ==> example/1/model.plan <==
    (plan)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR703"
SEVERITY = "advice"


def check(model: Model) -> Iterator[Problem]:
    """Look for each preferred size among the graphs, lower bounds counted."""
    cuda = model.config.optimization.cuda
    ranges = [(spec.graph_lower_bound.batch_size or spec.batch_size, spec.batch_size) for spec in cuda.graph_spec]
    sizes = model.config.dynamic_batching.preferred_batch_size
    for number, size in enumerate(sizes if cuda.graphs and ranges else ()):
        if not any(least <= size <= most for least, most in ranges):
            place = f"dynamic_batching.preferred_batch_size[{number}]"
            yield Problem(
                place,
                f"batches of {size} are preferred, and no CUDA graph has that size",
                f"add graph_spec {{ batch_size: {size} }}",
            )
