"""A sentence's embedding -> positive or negative, by logistic regression."""

import numpy as np
from safetensors.numpy import load_file

LABELS = np.array([b"negative", b"positive"], object)
weights: dict[str, np.ndarray]


def setup(context) -> None:
    global weights
    weights = load_file(context.folder / "weights.safetensors")


def infer(*, sentence_embedding: np.ndarray) -> dict[str, np.ndarray]:
    """sentence_embedding [n, 384] -> label [n, 1] bytes, confidence [n, 1] in 0.5..1."""
    positive = 1 / (1 + np.exp(-(sentence_embedding @ weights["coefficients"] + weights["intercept"])))
    return {
        "label": LABELS[(positive > 0.5).astype(int)][:, None],
        "confidence": np.maximum(positive, 1 - positive)[:, None],
    }
