"""all-MiniLM-L6-v2 with mean pooling and normalisation as TorchScript."""

from pathlib import Path

import torch
from encoder import SentenceEncoder, example


def export(out: Path) -> None:
    torch.jit.trace(SentenceEncoder(), example()).save(out / "model.pt")
