"""Write planned graphs into a variant, as Triton's own fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trireme.tune.source import write_variant

if TYPE_CHECKING:
    from pathlib import Path

    from tritonclient.grpc.model_config_pb2 import ModelConfig

    from trireme.graphs.plan import Graph, Planned


def table(planned: Planned, config: ModelConfig) -> dict[str, Any]:
    """Return what a variant says of graphs and preferred sizes."""
    specs = [_spec(graph, config) for graph in planned.graphs]
    found: dict[str, Any] = {"optimization": {"cuda": {"graphs": bool(specs), "graph_spec": specs}}}
    if planned.preferred:
        found["dynamic_batching"] = {"preferred_batch_size": list(planned.preferred)}
    return found


def write_into(folder: Path, variant: str, planned: Planned, config: ModelConfig) -> None:
    """Write the table into [variants.<variant>] of a model's folder; the file keeps its comments and is replaced whole."""
    write_variant(folder, variant, table(planned, config), f"graphs by trireme graphs {folder.name}")


def _spec(graph: Graph, config: ModelConfig) -> dict[str, Any]:
    inputs = {tensor.name: {"dim": [graph.length if size == -1 else size for size in tensor.dims]} for tensor in config.input}
    row: dict[str, Any] = {"batch_size": graph.most, "input": inputs}
    if graph.least < graph.most:
        row["graph_lower_bound"] = {"batch_size": graph.least, "input": inputs}
    return row
