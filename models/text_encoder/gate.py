"""Measure the encoder's four files against the transformers reference, by cosines and by what a classifier makes of them."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnxruntime
import torch
from encoder import SentenceEncoder, model_folder
from tokenizers import Tokenizer

from trireme.sources import load_module

HEAD = Path(__file__).parents[1] / "sentiment_head"
SENTENCES = (
    "A short one.",
    "The ferry was punctual and the crossing pleasant.",
    "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich.",
    "The quick brown fox jumps over the lazy dog. " * 12,
)

Embed = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""ids, mask [n, s] int64 -> embeddings [n, 384] float32."""


def measure(folder: Path) -> dict[str, float]:
    found = {"cosine": least_cosine(_onnx(folder / "model.onnx"))}
    texts, labels = load_module(HEAD / "data.py").read("held_out")
    reference, module = SentenceEncoder(), SentenceEncoder().to(torch.bfloat16)
    exact = _one_by_one(_torch(reference), texts)
    accuracy = _accuracy(exact, labels)
    served = {
        "int8": _onnx(folder / "model.int8.onnx"),
        "fp16": _onnx(folder / "model.fp16.onnx"),
        "bf16": _torch(module),  # the same arithmetic: onnxruntime has no bf16 on a CPU
    }
    for kind, embed in served.items():
        made = _one_by_one(embed, texts)
        found[f"mean_cosine_{kind}"] = float((made * exact).sum(axis=1).mean())
        found[f"accuracy_change_{kind}"] = _accuracy(made, labels) - accuracy
    return found


def least_cosine(embed: Embed) -> float:
    """Return the least cosine between embed(ids, mask) and the reference over the sentences, joined as one padded batch."""
    tokenizer = _tokenizer()
    tokenizer.enable_padding()
    encoded = tokenizer.encode_batch(list(SENTENCES))
    ids, mask = (np.array([getattr(row, name) for row in encoded], np.int64) for name in ("ids", "attention_mask"))
    return float((embed(ids, mask) * _torch(SentenceEncoder())(ids, mask)).sum(axis=1).min())


def _one_by_one(embed: Embed, texts: list[str]) -> np.ndarray:
    """Return the embeddings [n, 384] of texts of their own length each."""
    rows = [np.array([row.ids], np.int64) for row in _tokenizer().encode_batch(texts)]
    return np.concatenate([embed(ids, np.ones_like(ids)) for ids in rows])


def _accuracy(embeddings: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of right labels by the shipped classifier of these embeddings."""
    head = load_module(HEAD / "infer.py")
    head.setup(SimpleNamespace(folder=HEAD))
    found = head.infer(sentence_embedding=embeddings)["label"][:, 0]
    return float(((found == b"positive") == labels).mean())


def _onnx(path: Path) -> Embed:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda ids, mask: session.run(None, {"input_ids": ids, "attention_mask": mask})[0]


def _torch(module: SentenceEncoder) -> Embed:
    def embed(ids: np.ndarray, mask: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return module(torch.from_numpy(ids), torch.from_numpy(mask)).float().numpy()

    return embed


def _tokenizer() -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(model_folder() / "tokenizer.json"))
    tokenizer.no_padding()
    return tokenizer
