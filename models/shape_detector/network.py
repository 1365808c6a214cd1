"""The detector: a small anchor-free convolutional network, one prediction per 8 x 8 cell of a 128 x 128 picture."""

import torch
from torch import nn

CLASSES = 4
SIDE = 128
STRIDE = 8
GRID = SIDE // STRIDE


class ShapeDetector(nn.Module):
    """pixels [b, 3, 128, 128] float32 in 0..1 -> boxes [b, 256, 4] (x1, y1, x2, y2 in pixels), scores [b, 256, classes]."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.classes = classes
        self.fine = nn.Sequential(_block(3, 16, 2), _block(16, 32, 2), _block(32, 64, 2), _block(64, 64))
        self.coarse = nn.Sequential(_block(64, 96, 2), _block(96, 96), nn.Upsample(scale_factor=2.0), _block(96, 64))
        self.head = nn.Sequential(_block(128, 96), _block(96, 96), nn.Conv2d(96, classes + 4, 1))
        nn.init.constant_(self.head[-1].bias[:classes], -4.0)  # shapes are rare: begin by saying no

    def raw(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return class logits [b, cells, classes] and distances [b, cells, 4] (left, top, right, bottom in pixels)."""
        fine = self.fine(pixels)
        cells = self.head(torch.cat([fine, self.coarse(fine)], dim=1)).flatten(2).transpose(1, 2)
        return cells[..., : self.classes], nn.functional.softplus(cells[..., self.classes :]) * STRIDE

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return boxes and scores."""
        logits, distances = self.raw(pixels)
        middle = centres()
        boxes = torch.cat([middle - distances[..., :2], middle + distances[..., 2:]], dim=-1)
        return boxes, logits.sigmoid()


def centres() -> torch.Tensor:
    """Return the middle (x, y) of each cell in pixels, [cells, 2], row by row."""
    axis = (torch.arange(GRID) + 0.5) * STRIDE
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    return torch.stack([x, y], dim=-1).reshape(-1, 2)


def _block(channels_in: int, channels_out: int, stride: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(channels_out), nn.SiLU())
