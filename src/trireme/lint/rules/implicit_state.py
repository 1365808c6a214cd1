"""An implicit state in a Python model.

The Python backend, and every backend written in Python, never advances `sequence_batching.state`: keep the state in
the model, by correlation id.

Bad::

    backend: "python"
    max_batch_size: 8
    sequence_batching { state { input_name: "in" output_name: "out" data_type: TYPE_FP32 dims: [ 4 ] } }

Good::

    backend: "python"
    max_batch_size: 8
    sequence_batching {
      control_input { name: "ID" control { kind: CONTROL_SEQUENCE_CORRID data_type: TYPE_UINT64 } }
    }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR407"
SEVERITY = "warning"


def check(model: Model) -> Iterator[Problem]:
    """Report states of the python backend."""
    if model.backend == "python" and model.config.sequence_batching.state:
        remedy = "keep the state in the model, by its correlation id (request.correlation_id())"
        yield Problem("sequence_batching.state", "the Python backend does not advance implicit states", remedy)
