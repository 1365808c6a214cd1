"""What a tensor is to Triton: name, data type, dims."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tensor:
    """One input or output of a model, as `config.pbtxt` states it: dims without the batch, -1 for any size."""

    name: str
    data_type: str
    dims: tuple[int, ...]
    optional: bool = False

    def __str__(self) -> str:
        """Write it as people do: `features FP32[16]`."""
        return f"{self.name} {self.data_type.removeprefix('TYPE_')}[{','.join(map(str, self.dims))}]"

    def accepts(self, dims: tuple[int, ...]) -> bool:
        """Say whether dims can flow into these: the same rank, and each size equal or unknown on one side."""
        return len(dims) == len(self.dims) and all(
            -1 in pair or pair[0] == pair[1] for pair in zip(dims, self.dims, strict=False)
        )
