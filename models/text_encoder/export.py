"""all-MiniLM-L6-v2 with mean pooling and normalisation as one ONNX graph, any batch and any length."""

from pathlib import Path

import onnx
import torch
from encoder import SentenceEncoder, example


def export(out: Path) -> None:
    sizes = {0: torch.export.Dim("batch", min=1, max=1024), 1: torch.export.Dim("sequence", min=2, max=512)}
    names = ("input_ids", "attention_mask")
    program = torch.onnx.export(
        SentenceEncoder(),
        example(),
        dynamo=True,
        opset_version=18,
        verbose=False,
        external_data=False,
        input_names=names,
        output_names=["sentence_embedding"],
        dynamic_shapes=dict.fromkeys(names, sizes),
    )
    graph = program.model_proto
    for node in graph.graph.node:  # the exporter notes where in this machine's Python each node came from
        del node.metadata_props[:]
    onnx.save(graph, out / "model.onnx")
