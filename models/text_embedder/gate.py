"""Measure the TorchScript encoder against the transformers reference."""

from pathlib import Path

import torch

from trireme.sources import load_module

ENCODER_GATE = Path(__file__).parents[1] / "text_encoder" / "gate.py"


def measure(folder: Path) -> dict[str, float]:
    module = torch.jit.load(folder / "model.pt")
    least_cosine = load_module(ENCODER_GATE).least_cosine
    return {"cosine": least_cosine(lambda ids, mask: module(torch.from_numpy(ids), torch.from_numpy(mask)).detach().numpy())}
