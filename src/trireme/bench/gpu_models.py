"""The two models of `make gpu-check` as TorchScript that runs on any device, written into a repository of their own.

`text_embedder` is the one that is built here. Where it is not, a network of the same layers under drawn weights stands in: its
times are the same, and its answers are compared with its own on the CPU.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from trireme.sources import load_module

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from trireme.arrays import Array

VOCABULARY, WIDTH, HEADS, LAYERS, INNER, PLACES = 30522, 384, 12, 6, 1536, 512
LENGTH = 32
MOST = 64
SIZES = (1, 2, 4, 8, 16, 32)


@dataclass(frozen=True)
class Checked:
    """One model: what writes its file, its tensors in Triton's words, rows to ask it, how far a GPU's floats may be away."""

    name: str
    write: Callable[[Path], str]
    tensors: str
    rows: Callable[[int], Mapping[str, Array]]
    tolerance: float


def models(root: Path) -> tuple[Checked, ...]:
    """Return both models; root is the project."""
    return (
        Checked("text_embedder", lambda path: _write_embedder(root, path), EMBEDDER, _tokens, 1e-2),
        Checked("shape_detector", lambda path: _write_detector(root, path), DETECTOR, _pixels, 1e-1),
    )


EMBEDDER = """
input { name: "input_ids" data_type: TYPE_INT64 dims: [-1] } input { name: "attention_mask" data_type: TYPE_INT64 dims: [-1] }
output { name: "embedding__0" data_type: TYPE_FP32 dims: [384] }
"""
DETECTOR = """
input { name: "pixels" data_type: TYPE_FP32 dims: [3, 128, 128] }
output { name: "boxes__0" data_type: TYPE_FP32 dims: [256, 4] } output { name: "scores__1" data_type: TYPE_FP32 dims: [256, 4] }
"""


class Layer(nn.Module):
    """A transformer's layer as BERT has it: attention, then two dense layers, each normalised after."""

    def __init__(self) -> None:
        super().__init__()
        self.heads, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.first, self.second = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)
        self.norms = nn.ModuleList([nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)])

    def forward(self, states: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
        """States [b, s, 384] and what is added to attention [b, 1, 1, s] -> states."""
        batch, length, _ = states.shape
        query, key, value = (
            part.view(batch, length, HEADS, -1).transpose(1, 2) for part in self.heads(states).chunk(3, dim=-1)
        )
        weights = (query @ key.transpose(-1, -2) / (WIDTH / HEADS) ** 0.5 + hidden).softmax(-1)
        mixed = (weights @ value).transpose(1, 2).reshape(batch, length, WIDTH)
        states = self.norms[0](states + self.out(mixed))
        made: torch.Tensor = self.norms[1](states + self.second(nn.functional.gelu(self.first(states))))
        return made


class Embedder(nn.Module):
    """The layers of all-MiniLM-L6-v2 under drawn weights, mean pooling and normalisation."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(PLACES, WIDTH)
        self.norm, self.layers = nn.LayerNorm(WIDTH), nn.ModuleList([Layer() for _ in range(LAYERS)])
        self.register_buffer("numbers", torch.arange(PLACES)[None])

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Ids and mask [b, s] -> embedding [b, 384]."""
        numbers: Any = self.numbers
        states = self.norm(self.words(input_ids) + self.places(numbers[:, : input_ids.shape[1]]))
        shown = attention_mask[:, :, None].to(states.dtype)
        hidden = ((1.0 - shown) * -1e9)[:, None, None, :, 0]
        for layer in self.layers:
            states = layer(states, hidden)
        return nn.functional.normalize((states * shown).sum(1) / shown.sum(1).clamp(min=1e-9), dim=1)


class Detector(nn.Module):
    """The shipped detector with its cells' middles as a buffer, which follows it to any device."""

    def __init__(self, network: Any) -> None:  # noqa: ANN401 - models/shape_detector/network.py
        super().__init__()
        self.network = network.ShapeDetector(network.CLASSES)
        self.register_buffer("middle", network.centres())

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Pixels [b, 3, 128, 128] -> boxes [b, 256, 4] and scores [b, 256, 4]."""
        logits, distances = self.network.raw(pixels)
        boxes = torch.cat([self.middle - distances[..., :2], self.middle + distances[..., 2:]], dim=-1)
        return boxes, logits.sigmoid()


def _write_embedder(root: Path, path: Path) -> str:
    """Write model.pt and return what it is."""
    built = sorted((root / "model_repository/text_embedder").glob("[0-9]*/model.pt"), key=lambda one: int(one.parent.name))
    if built:
        shutil.copyfile(built[-1], path)
        return f"version {built[-1].parent.name} as built here"
    torch.manual_seed(0)
    _save(Embedder(), tuple(map(torch.from_numpy, _tokens(2).values())), path)
    return "the same layers with drawn weights: it is not built here"


def _write_detector(root: Path, path: Path) -> str:
    from safetensors.torch import load_file  # noqa: PLC0415 - of this model alone

    folder = root / "models/shape_detector"
    detector = Detector(load_module(folder / "network.py"))
    detector.network.load_state_dict(load_file(folder / "weights.safetensors"))
    _save(detector, (torch.zeros(2, 3, 128, 128),), path)
    return "the shipped weights"


def _save(module: nn.Module, example: tuple[torch.Tensor, ...], path: Path) -> None:
    trace: Any = torch.jit.trace
    trace(module.eval(), example).save(str(path))


def _tokens(rows: int) -> dict[str, Array]:
    ids = np.random.default_rng(rows).integers(1000, 20000, (rows, LENGTH))
    mask = (np.arange(LENGTH) < LENGTH - np.arange(rows)[:, None] % 12).astype(np.int64)
    return {"input_ids": ids * mask, "attention_mask": mask}


def _pixels(rows: int) -> dict[str, Array]:
    return {"pixels": np.random.default_rng(rows).random((rows, 3, 128, 128), np.float32)}
