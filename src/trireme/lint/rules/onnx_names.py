"""A tensor that the config has and the ONNX graph has not, or the other way round.

The config's inputs are the graph's inputs, all of them, and its outputs are among the graph's outputs.

Bad::

    ==> example/config.pbtxt <==
    backend: "onnxruntime"
    max_batch_size: 8
    input { name: "features" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    ==> example/1/model.onnx <==
    (onnx) g (float[n, 3] x) => (float[n, 3] y) { y = Add(x, x) }

Good::

    ==> example/config.pbtxt <==
    backend: "onnxruntime"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    ==> example/1/model.onnx <==
    (onnx) g (float[n, 3] x) => (float[n, 3] y) { y = Add(x, x) }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.errors import suggestion
from trireme.lint import walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR603"
SEVERITY = "error"
TRITON = r"finds (no|the) (input|output)|unexpected inference (input|output)|expects? \d+ inputs?"


def check(model: Model) -> Iterator[Problem]:
    """Compare the names on both sides; a side that the config leaves out is filled in from the graph."""
    for version, graph in model.graphs.items():
        for side in ("input", "output"):
            stated, known = list(getattr(model.config, side)), [tensor.name for tensor in getattr(graph, f"{side}s")]
            defaults = [tensor.name for tensor in graph.defaults] if side == "input" else []
            if graph.problem or not stated:
                continue
            for number, tensor in enumerate(stated):
                if tensor.name and tensor.name not in {*known, *defaults} and not walk.is_control(model, tensor.name):
                    message = f"the graph of version {version} has no {side} '{tensor.name}'"
                    yield Problem(f"{side}[{number}].name", message, suggestion(tensor.name, known))
            made = {name for entry in model.config.batch_input for name in entry.target_name}
            given = {*walk.names(stated), *walk.controls(model), *made}
            for name in known if side == "input" else ():
                if name not in given:
                    yield Problem(side, f"the graph of version {version} needs the input '{name}'", "state it in the config")
            for name in (*walk.controls(model), *sorted(made)) if side == "input" else ():
                if name not in known:
                    message = f"the graph of version {version} has no input '{name}' for what Triton adds to a request"
                    yield Problem("sequence_batching" if name not in made else "batch_input", message, suggestion(name, known))
