"""CUDA graphs and buckets that do not meet.

A graph is used by requests of its own shape, or of the shapes from its lower bound up to it. With `parameters.buckets`
every request has the length of a bucket: a graph of another length is never used, and a bucket without a graph is
launched kernel by kernel.

Bad::

    ==> example/config.pbtxt <==
    backend: "tensorrt"
    max_batch_size: 8
    input { name: "ids" data_type: TYPE_INT64 dims: [ -1 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    parameters { key: "buckets" value { string_value: "16,32" } }
    optimization { cuda { graphs: true
      graph_spec { batch_size: 8 input { key: "ids" value { dim: [ 24 ] } } }
      graph_spec { batch_size: 8 input { key: "ids" value { dim: [ 32 ] } } } } }
    ==> example/1/model.plan <==
    (plan)

Good::

    ==> example/config.pbtxt <==
    backend: "tensorrt"
    max_batch_size: 8
    input { name: "ids" data_type: TYPE_INT64 dims: [ -1 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    parameters { key: "buckets" value { string_value: "16,32" } }
    optimization { cuda { graphs: true graph_spec {
      batch_size: 8
      input { key: "ids" value { dim: [ 32 ] } }
      graph_lower_bound { batch_size: 1 input { key: "ids" value { dim: [ 16 ] } } }
    } } }
    ==> example/1/model.plan <==
    (plan)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trireme.lint import walk
from trireme.lint.finding import Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR710"
SEVERITY = "warning"


def check(model: Model) -> Iterator[Problem]:
    """Compare the lengths of each graph, from its lower bound on, with the buckets."""
    buckets = walk.buckets(model)
    cuda = model.config.optimization.cuda
    if not (buckets and cuda.graphs and cuda.graph_spec):
        return
    covered: set[int] = set()
    for number, spec in enumerate(cuda.graph_spec):
        for name, least, most in _lengths(model, spec):
            met = {bucket for bucket in buckets if least <= bucket <= most}
            covered |= met
            if not met:
                lengths = str(most) if least == most else f"{least} to {most}"
                message = f"a graph has '{name}' of length {lengths}, and requests have {', '.join(map(str, buckets))}"
                yield Problem(f"optimization.cuda.graph_spec[{number}].input['{name}']", message, "state a bucket's length")
    for bucket in buckets:
        if bucket not in covered:
            message = f"requests of length {bucket} are padded for, and no CUDA graph has that length"
            remedy = f"add a graph_spec of length {bucket}, or lower a bound to it"
            yield Problem("optimization.cuda", message, remedy, severity=Severity.ADVICE)


def _lengths(model: Model, spec: Any) -> Iterator[tuple[str, int, int]]:  # noqa: ANN401 - a protobuf message
    """Yield (input, least, most) of each size that varies in the model and that a graph states."""
    for tensor in model.config.input:
        most = list(spec.input[tensor.name].dim) if tensor.name in spec.input else []
        bound = spec.graph_lower_bound.input
        least = list(bound[tensor.name].dim) if tensor.name in bound else most
        if len(most) == len(least) == len(tensor.dims):
            for dim, low, high in zip(tensor.dims, least, most, strict=True):
                if dim == -1:
                    yield tensor.name, low, high
