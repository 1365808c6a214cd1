"""Measure the head's accuracy on the held-out sentences."""

from pathlib import Path
from types import SimpleNamespace

from data import embed, read

from trireme.sources import load_module


def measure(folder: Path) -> dict[str, float]:
    head = load_module(folder / "infer.py")
    head.setup(SimpleNamespace(folder=folder))
    texts, labels = read("held_out")
    found = head.infer(sentence_embedding=embed(texts))["label"][:, 0]
    return {"accuracy": float(((found == b"positive") == labels).mean())}
