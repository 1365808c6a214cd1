"""The detector as one ONNX graph, any batch."""

from pathlib import Path

import onnx
import torch
from network import CLASSES, SIDE, ShapeDetector
from safetensors.torch import load_file


def export(out: Path) -> None:
    model = ShapeDetector(CLASSES).eval()
    model.load_state_dict(load_file(Path(__file__).with_name("weights.safetensors")))
    program = torch.onnx.export(
        model,
        (torch.zeros(2, 3, SIDE, SIDE),),
        dynamo=True,
        opset_version=18,
        verbose=False,
        external_data=False,
        input_names=["pixels"],
        output_names=["boxes", "scores"],
        dynamic_shapes=({0: torch.export.Dim("batch", max=1024)},),
    )
    graph = program.model_proto
    for node in graph.graph.node:  # the exporter notes where in this machine's Python each node came from
        del node.metadata_props[:]
    onnx.save(graph, out / "model.onnx")
