"""all-MiniLM-L6-v2 with mean pooling and normalisation as TorchScript, for whatever device it is loaded on."""

from pathlib import Path

import torch
from encoder import SentenceEncoder, example

LEAST = torch.finfo(torch.float32).min
"""What is added to the attention that padding would get."""
PINNED = 'Device = prim::Constant[value="cpu"]'


class Masked(torch.nn.Module):
    """The transformer under a mask that is made from its argument; its own would be made on the device of the trace."""

    def __init__(self, transformer: torch.nn.Module) -> None:
        super().__init__()
        self.transformer = transformer

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Return what the transformer returns."""
        hidden = torch.zeros_like(attention_mask, dtype=torch.float32).masked_fill(attention_mask == 0, LEAST)
        return self.transformer(input_ids=input_ids, attention_mask=hidden[:, None, None, :])


def export(out: Path) -> None:
    encoder = SentenceEncoder()
    encoder.transformer = Masked(encoder.transformer)
    traced = torch.jit.trace(encoder, example())
    if PINNED in str(traced.inlined_graph):
        raise ValueError("the trace keeps tensors on the CPU, and no GPU could run it")
    traced.save(out / "model.pt")
