"""Measure the model's AUC on held-out applicants."""

from pathlib import Path

import onnxruntime
from data import HELD_OUT_SEED, applicants
from sklearn.metrics import roc_auc_score


def measure(folder: Path) -> dict[str, float]:
    session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
    features, defaults = applicants(20_000, HELD_OUT_SEED)
    return {"auc": float(roc_auc_score(defaults, session.run(None, {"features": features})[0][:, 0]))}
