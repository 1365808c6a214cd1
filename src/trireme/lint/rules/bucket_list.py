"""Buckets that are no rising list of lengths.

`parameters.buckets` states the lengths to which a model's sizes of -1 are padded, so that requests of one length join
into batches and CUDA graphs fit: whole numbers of at least 1, rising, with commas between.

Bad::

    ==> example/config.pbtxt <==
    backend: "python"
    input { name: "ids" data_type: TYPE_INT64 dims: [ -1 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    parameters { key: "buckets" value { string_value: "32,16" } }
    ==> example/1/model.py <==
    class TritonPythonModel:
        def execute(self, requests):
            return []

Good::

    ==> example/config.pbtxt <==
    backend: "python"
    input { name: "ids" data_type: TYPE_INT64 dims: [ -1 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    parameters { key: "buckets" value { string_value: "16,32" } }
    ==> example/1/model.py <==
    class TritonPythonModel:
        def execute(self, requests):
            return []
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR709"
SEVERITY = "warning"


def check(model: Model) -> Iterator[Problem]:
    """Read the list, and look for a size that it could be of."""
    stated = model.config.parameters.get("buckets")
    if stated is None:
        return
    if not walk.buckets(model):
        message = f"the buckets '{stated.string_value}' are no rising list of lengths"
        yield Problem("parameters['buckets']", message, "write them as in 16,32,64")
    elif not model.completes and not any(-1 in tensor.dims for _, _, tensor in walk.tensors(model)):
        yield Problem("parameters['buckets']", "there are buckets, and no size is -1", "leave them out, or let a size vary")
