"""Train the detector on drawn scenes and print its score on held-out ones: about ten minutes on two cores."""

import time
from pathlib import Path

import numpy as np
import torch
from gate import mean_average_precision
from network import CLASSES, GRID, SIDE, STRIDE, ShapeDetector, centres
from safetensors.torch import save_file
from scenes import Scene, draw_scene
from torch.nn import functional

from trireme.sources import load_infer

SEED = 7
SCENES = 6000
EPOCHS = 14
BATCH = 48
WEIGHTS = Path(__file__).with_name("weights.safetensors")


def main() -> None:
    torch.manual_seed(SEED)
    pixels, truth = _prepare()
    model = ShapeDetector(CLASSES)
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-4)
    steps = EPOCHS * (SCENES // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=4e-3, total_steps=steps)
    for epoch in range(EPOCHS):
        start, losses = time.monotonic(), []
        for rows in torch.randperm(SCENES)[: SCENES // BATCH * BATCH].split(BATCH):
            loss = _loss(model, _flipped(pixels[rows].float() / 255, truth[rows]))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            losses.append(loss.item())
        print(f"epoch {epoch + 1:2}  loss {np.mean(losses):.4f}  {time.monotonic() - start:.0f} s", flush=True)
    save_file({name: _halved(tensor) for name, tensor in model.state_dict().items()}, WEIGHTS)
    model.eval()
    with torch.no_grad():
        score = mean_average_precision(lambda batch: tuple(out.numpy() for out in model(torch.from_numpy(batch))))
    print(f"mAP@0.5 on held-out scenes: {score:.4f}")


def _prepare() -> tuple[torch.Tensor, torch.Tensor]:
    """Return pictures [n, 3, 128, 128] uint8 and, per cell, the class or -1 and the box, [n, 256, 5] float32."""
    pixels = np.empty((SCENES, 3, SIDE, SIDE), np.uint8)
    truth = np.empty((SCENES, len(centres()), 5), np.float32)
    preprocess = load_infer("image_preprocess")
    for number in range(SCENES):
        scene = draw_scene(number)
        prepared = preprocess(image=np.array([[scene.png()]], object))
        pixels[number] = np.rint(prepared["pixels"][0] * 255)
        scale, left, top, *_ = prepared["letterbox"][0]
        truth[number] = _assign(scene, scene.boxes * scale + np.array([left, top, left, top], np.float32))
    return torch.from_numpy(pixels), torch.from_numpy(truth)


def _assign(scene: Scene, boxes: np.ndarray) -> np.ndarray:
    """Give each cell near the middle of a box that box and its class; the smaller box wins."""
    cells = np.concatenate([np.full((len(centres()), 1), -1), np.zeros((len(centres()), 4))], axis=1)
    middle = centres().numpy()
    for row in np.argsort(-np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)):
        centre = (boxes[row, :2] + boxes[row, 2:]) / 2
        near = np.abs(middle - centre).max(axis=1) < STRIDE
        inside = ((middle > boxes[row, :2]) & (middle < boxes[row, 2:])).all(axis=1)
        cells[near & inside] = [scene.labels[row], *boxes[row]]
    return cells


def _halved(tensor: torch.Tensor) -> torch.Tensor:
    """Return half precision: a megabyte less in git, and nothing lost that the score could show."""
    return tensor.half() if tensor.is_floating_point() else tensor


def _flipped(pixels: torch.Tensor, truth: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mirror the whole batch left to right every other time."""
    if torch.rand(()) < 0.5:
        return pixels, truth
    grid = truth.view(len(truth), GRID, GRID, 5).flip(2).reshape(truth.shape)
    mirrored = torch.stack([grid[..., 0], SIDE - grid[..., 3], grid[..., 2], SIDE - grid[..., 1], grid[..., 4]], dim=-1)
    return pixels.flip(3), mirrored


def _loss(model: ShapeDetector, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    """Focal loss over the classes plus one minus the overlap over the cells that hold a shape."""
    pixels, truth = batch
    logits, distances = model.raw(pixels)
    labels, boxes = truth[..., 0].long(), truth[..., 1:]
    held = labels >= 0
    target = functional.one_hot(labels.clamp(min=0), model.classes) * held.unsqueeze(-1)
    plain = functional.binary_cross_entropy_with_logits(logits, target.float(), reduction="none")
    sure = torch.where(target > 0, logits.sigmoid(), 1 - logits.sigmoid())
    focal = ((1 - sure) ** 2 * plain).sum() / 2
    middle = centres()
    wanted = torch.cat([middle - boxes[..., :2], boxes[..., 2:] - middle], dim=-1)[held].clamp(min=0.1)
    given = distances[held].clamp(min=0.1)
    least, most = torch.minimum(wanted, given), torch.maximum(wanted, given)
    shared = (least[:, 0] + least[:, 2]) * (least[:, 1] + least[:, 3])
    hull = (most[:, 0] + most[:, 2]) * (most[:, 1] + most[:, 3])
    areas = (wanted[:, 0] + wanted[:, 2]) * (wanted[:, 1] + wanted[:, 3])
    areas = areas + (given[:, 0] + given[:, 2]) * (given[:, 1] + given[:, 3])
    union = areas - shared
    generalised = shared / union - (hull - union) / hull
    return (focal + 2 * (1 - generalised).sum()) / max(int(held.sum()), 1)


if __name__ == "__main__":
    main()
