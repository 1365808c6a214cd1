"""Measure the encoder's ONNX against the transformers reference."""

from pathlib import Path

import numpy as np
import onnxruntime
import torch
from encoder import SentenceEncoder, model_folder
from tokenizers import Tokenizer

SENTENCES = (
    "A short one.",
    "The ferry was punctual and the crossing pleasant.",
    "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich.",
    "The quick brown fox jumps over the lazy dog. " * 12,
)


def measure(folder: Path) -> dict[str, float]:
    session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
    return {"cosine": least_cosine(lambda ids, mask: session.run(None, {"input_ids": ids, "attention_mask": mask})[0])}


def least_cosine(embed) -> float:
    """Return the least cosine between embed(ids, mask) and the reference over the sentences, joined as one padded batch."""
    tokenizer = Tokenizer.from_file(str(model_folder() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_padding()
    encoded = tokenizer.encode_batch(list(SENTENCES))
    ids, mask = (np.array([getattr(row, name) for row in encoded], np.int64) for name in ("ids", "attention_mask"))
    with torch.no_grad():
        reference = SentenceEncoder()(torch.from_numpy(ids), torch.from_numpy(mask)).numpy()
    return float((embed(ids, mask) * reference).sum(axis=1).min())
