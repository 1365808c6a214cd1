"""all-MiniLM-L6-v2 with mean pooling and normalisation as one ONNX graph, any batch and any length, in four precisions."""

from pathlib import Path

import onnx
import torch
from encoder import SentenceEncoder, example

from trireme import precision

SENSITIVE = ("/transformer/encoder/layer.0/output/dense/MatMul",)
"""Whose inputs have outliers: in int8 it alone costs as much cosine as the three layers after it, and turns labels."""


def export(out: Path) -> None:
    names = ["input_ids", "attention_mask"]
    plain, fused = out / "model.onnx", out / "fused.onnx"
    torch.onnx.export(
        SentenceEncoder(),
        example(),
        plain,
        dynamo=False,  # the exporter whose attention onnxruntime's fusions know
        opset_version=17,
        input_names=names,
        output_names=["sentence_embedding"],
        dynamic_axes={name: {0: "batch", 1: "sequence"} for name in names} | {"sentence_embedding": {0: "batch"}},
    )
    onnx.save(onnx.shape_inference.infer_shapes(onnx.load(plain)), plain)  # the exporter loses the 384
    precision.fuse_encoder(plain, fused, heads=12, width=384)
    precision.to_dynamic_int8(fused, out / "model.int8.onnx", keep=SENSITIVE)
    fused.unlink()
    for kind in ("fp16", "bf16"):
        precision.to_half(plain, out / f"model.{kind}.onnx", kind)
