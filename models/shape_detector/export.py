"""The detector as one ONNX graph, any batch, in four precisions."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import torch
from network import CLASSES, SIDE, ShapeDetector
from safetensors.torch import load_file
from scenes import draw_scene

from trireme import precision

CALIBRATION_SEED = 20_000_000
"""The first of the scenes whose activations give int8 its ranges; none of them is trained on or held out."""


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
    plain = out / "model.onnx"
    onnx.save(graph, plain)
    precision.to_static_int8(plain, out / "model.int8.onnx", _calibration(), keep=_ends(graph.graph))
    for kind in ("fp16", "bf16"):
        precision.to_half(plain, out / f"model.{kind}.onnx", kind)


def _ends(graph: onnx.GraphProto) -> tuple[str, ...]:
    """Return the first convolution, whose three channels say most, and all from the last on: in 256 steps boxes are coarse."""
    places = [place for place, node in enumerate(graph.node) if node.op_type == "Conv"]
    return (graph.node[places[0]].name, *(node.name for node in graph.node[places[-1] :]))


def _calibration(scenes: int = 64) -> Iterator[dict[str, np.ndarray]]:
    for number in range(scenes):
        picture = draw_scene(CALIBRATION_SEED + number).picture.resize((SIDE, SIDE))
        yield {"pixels": np.asarray(picture, np.float32).transpose(2, 0, 1)[None] / 255}
