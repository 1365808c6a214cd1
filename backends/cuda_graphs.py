"""CUDA graphs by `optimization { cuda { graphs, graph_spec } }`, for the twins: which batch runs as which graph, and how.

A graph is captured once a shape and replayed for each batch of that shape; with a graph_lower_bound also for those below, whose
padding is zeroed here (the native backend leaves it as it was). A batch that no graph fits runs as it would without.
https://github.com/triton-inference-server/common/blob/main/protobuf/model_config.proto (ModelOptimizationPolicy.Cuda)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import triton_python_backend_utils as pb_utils

METRIC = "trireme_cuda_graph_batches_total"
HELP = "Batches of a model that ran as a captured CUDA graph (result=hit) and that none fitted (result=miss)"


class Spec(NamedTuple):
    """The least and the most shape of each input that a graph takes, batch included."""

    least: dict
    most: dict

    def takes(self, shapes) -> bool:
        """Say whether a batch of these shapes fits."""
        return shapes.keys() == self.most.keys() and all(
            len(shape) == len(self.most[name])
            and all(low <= size <= high for low, size, high in zip(self.least[name], shape, self.most[name]))
            for name, shape in shapes.items()
        )

    @property
    def elements(self) -> int:
        """Return how much is computed, to prefer the graph that pads least."""
        return sum(int(np.prod(shape)) for shape in self.most.values())


def specs(config) -> list:
    """Return the graphs that a config asks for, those that pad least first.

    Without a graph_spec the native backend takes batches of 1, of the preferred sizes and of max_batch_size.
    """
    cuda = (config.get("optimization") or {}).get("cuda") or {}
    if not cuda.get("graphs"):
        return []
    dims = {row["name"]: [int(size) for size in row["dims"]] for row in config["input"]}
    batched = int(config.get("max_batch_size", 0))
    rows = cuda.get("graph_spec") or [{"batch_size": size} for size in _usual_batches(config)]
    found = []
    for row in rows:
        bound = row.get("graph_lower_bound") or row
        most, least = (_shapes(one, dims, batched) for one in (row, bound))
        unknown = [name for one in (row, bound) for name in one.get("input") or {} if name not in dims]
        if unknown or any(size <= 0 for shape in (*most.values(), *least.values()) for size in shape):
            why = f"there is no input {unknown[0]}" if unknown else "it leaves sizes open"
            pb_utils.Logger.log_error(f"{config.get('name', '')}: no CUDA graph of {most}: {why}")
            continue
        found.append(Spec(least, most))
    return sorted(found, key=lambda spec: spec.elements)


class Graphs:
    """The graphs of one instance. capture(shapes) returns (inputs, replay, outputs) on buffers of its own, or raises.

    Buffers are torch tensors by name. Where an output's size beyond the batch follows an input's, what was padded cannot be
    told from what was asked for: such models pad batches only.
    """

    def __init__(self, twin, capture) -> None:
        self.count = counter(twin)
        self.batched = twin.batched
        self.graphs = []
        outputs = [row["dims"] for row in twin.config["output"]]
        fixed = all(int(size) > 0 for dims in outputs for size in dims)
        for spec in specs(twin.config):
            if not fixed and any(least[twin.batched :] != most[twin.batched :] for least, most in _pairs(spec)):
                twin.refuse("pads no sizes but the batch where an output's size is -1; leave them out of graph_lower_bound")
            try:
                self.graphs.append((spec, capture(spec.most)))
            except Exception as error:  # as the native backend: a graph that cannot be captured is one that never fits
                pb_utils.Logger.log_error(f"{twin.name}: no CUDA graph of {spec.most}: {type(error).__name__}: {error}")
        if self.graphs:
            pb_utils.Logger.log_info(f"{twin.name}: captured {len(self.graphs)} CUDA graphs")

    def run(self, arrays, wanted) -> dict | None:
        """Return the wanted outputs by the graph that fits and pads least; None when none does."""
        if not self.graphs:
            return None
        shapes = {name: array.shape for name, array in arrays.items()}
        found = next((graph for spec, graph in self.graphs if spec.takes(shapes)), None)
        self.count("hit" if found else "miss")
        if found is None:
            return None
        inputs, replay, outputs = found
        for name, array in arrays.items():
            _fill(inputs[name], array)
        replay()
        rows = slice(len(next(iter(arrays.values())))) if self.batched else slice(None)
        return {name: outputs[name][rows].cpu().numpy() for name in wanted}


def counter(twin) -> object:
    """Return a function that counts a batch under its result; it does nothing where the server has no metrics.

    A family that is collected takes its metrics along, so the function holds it.
    """
    try:
        family = pb_utils.MetricFamily(name=METRIC, description=HELP, kind=pb_utils.MetricFamily.COUNTER)
        labels = {"model": twin.name, "version": str(twin.version)}
        metrics = {result: family.Metric(labels={**labels, "result": result}) for result in ("hit", "miss")}
    except pb_utils.TritonModelException:
        return lambda _: None

    def count(result, held=family) -> None:  # noqa: ARG001 - see above
        metrics[result].increment(1)

    return count


def _usual_batches(config) -> list:
    most = int(config.get("max_batch_size", 0))
    batching = config.get("dynamic_batching")
    preferred = (batching or {}).get("preferred_batch_size") or []
    return sorted({1, *map(int, preferred), most} - {0}) if most else [0]


def _shapes(row, dims, batched) -> dict:
    """Return the shape of each input that a graph_spec or its lower bound states; those of the config for the others."""
    stated = {name: [int(size) for size in shape["dim"]] for name, shape in (row.get("input") or {}).items()}
    batch = [int(row.get("batch_size", 0)) or 1] if batched else []
    return {name: tuple(batch + stated.get(name, own)) for name, own in dims.items()}


def _pairs(spec) -> list:
    return [(spec.least[name], spec.most[name]) for name in spec.most]


def _fill(buffer, array) -> None:
    """Copy a batch into the corner of its buffer; the rest is zero, so that a mask masks it."""
    import torch  # late: Triton imports this file once more, to complete the config

    if tuple(buffer.shape) != array.shape:
        buffer.zero_()
    buffer[tuple(slice(size) for size in array.shape)].copy_(torch.from_numpy(array), non_blocking=True)
