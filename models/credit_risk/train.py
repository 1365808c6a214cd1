"""Train the baseline (version 1, a logistic regression) and the network (version 2), and print their held-out AUC: a minute."""

from pathlib import Path

import numpy as np
import torch
from data import HELD_OUT_SEED, TRAIN_SEED, applicants
from safetensors.numpy import save_file
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from torch import nn

HERE = Path(__file__).parent
COUNT = 60_000
EPOCHS = 30


def main() -> None:
    features, defaults = applicants(COUNT, TRAIN_SEED)
    scale = {"mean": features.mean(axis=0), "deviation": features.std(axis=0)}
    scaled = (features - scale["mean"]) / scale["deviation"]
    held, held_defaults = applicants(20_000, HELD_OUT_SEED)
    held_scaled = (held - scale["mean"]) / scale["deviation"]
    baseline = LogisticRegression(max_iter=1000).fit(scaled, defaults)
    weights = {"weight": baseline.coef_.T.astype(np.float32), "bias": baseline.intercept_.astype(np.float32)}
    save_file(scale | weights, HERE / "versions" / "1" / "weights.safetensors")
    print(f"version 1: held-out AUC {roc_auc_score(held_defaults, baseline.predict_proba(held_scaled)[:, 1]):.4f}")
    network = _fit(torch.from_numpy(scaled), torch.from_numpy(defaults).float())
    layers = [layer for layer in network if isinstance(layer, nn.Linear)]
    weights = {f"weight_{n}": layer.weight.detach().numpy().T.copy() for n, layer in enumerate(layers, 1)}
    weights |= {f"bias_{n}": layer.bias.detach().numpy() for n, layer in enumerate(layers, 1)}
    save_file(scale | weights, HERE / "weights.safetensors")
    with torch.no_grad():
        score = network(torch.from_numpy(held_scaled)).squeeze(1).numpy()
    print(f"version 2: held-out AUC {roc_auc_score(held_defaults, score):.4f}")


def _fit(features: torch.Tensor, defaults: torch.Tensor) -> nn.Sequential:
    torch.manual_seed(TRAIN_SEED)
    network = nn.Sequential(nn.Linear(16, 48), nn.ReLU(), nn.Linear(48, 24), nn.ReLU(), nn.Linear(24, 1))
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, EPOCHS)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(features)).split(512):
            loss = nn.functional.binary_cross_entropy_with_logits(network(features[rows]).squeeze(1), defaults[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        schedule.step()
    return network


if __name__ == "__main__":
    main()
