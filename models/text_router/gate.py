"""Measure the fast path on held-out sentences: how often it is right when it is sure, and how often it is sure."""

from pathlib import Path

import numpy as np
from data import read
from safetensors.numpy import load_file

from trireme.sources import load_module

SURE = 0.85
"""The shipped `escalate_below`."""


def measure(folder: Path) -> dict[str, float]:
    router = load_module(folder / "infer.py")
    router.weights = load_file(folder / "weights.safetensors")
    texts, labels = read("held_out")
    positive = router.score(texts)
    sure = np.maximum(positive, 1 - positive) >= SURE
    right = (positive > 0.5) == labels
    return {
        "accuracy_when_sure": float(right[sure].mean()),
        "share_sure": float(sure.mean()),
        "accuracy": float(right.mean()),
    }
