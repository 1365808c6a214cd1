"""The labelled sentences, and their embeddings by the reference encoder."""

from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from trireme.sources import load_module

FOLDER = Path(__file__).parent / "data"
ENCODER = Path(__file__).parents[1] / "text_encoder" / "encoder.py"


def read(part: str) -> tuple[list[str], np.ndarray]:
    """Return the sentences of `train` or `held_out`, and 1 for each that is positive."""
    rows = [line.split("\t") for line in (FOLDER / f"{part}.tsv").read_text(encoding="utf-8").splitlines()]
    return [text for _, text in rows], np.array([label == "positive" for label, _ in rows], np.int64)


def embed(texts: list[str]) -> np.ndarray:
    """Return the unit embeddings [n, 384] of the texts."""
    source = load_module(ENCODER)
    tokenizer = Tokenizer.from_file(str(source.model_folder() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_padding()
    encoded = tokenizer.encode_batch(texts)
    ids, mask = (torch.tensor([getattr(row, name) for row in encoded]) for name in ("ids", "attention_mask"))
    with torch.no_grad():
        return source.SentenceEncoder()(ids, mask).numpy()
