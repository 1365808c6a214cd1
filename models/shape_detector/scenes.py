"""Drawn scenes of shapes: seeded pictures with known boxes, for training and for the held-out score."""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

LABELS = ("circle", "square", "triangle", "star")
HELD_OUT_SEED = 10_000_000
"""Scenes with seeds from here on are never trained on."""


@dataclass(frozen=True)
class Scene:
    """One picture with the shapes in it: boxes [n, 4] float32 (x1, y1, x2, y2 in pixels), labels [n] int64."""

    picture: Image.Image
    boxes: np.ndarray
    labels: np.ndarray

    def png(self) -> bytes:
        """Return the picture as a PNG file."""
        buffer = io.BytesIO()
        self.picture.save(buffer, "PNG", compress_level=1)
        return buffer.getvalue()


def draw_scene(seed: int) -> Scene:
    """Draw the scene of this seed: one to six shapes over a noisy two-colour background, slightly blurred."""
    rng = np.random.default_rng(seed)
    width, height = (int(side) for side in rng.integers(160, 480, size=2))
    picture = _background(rng, width, height)
    boxes: list[tuple[float, ...]] = []
    labels: list[int] = []
    for _ in range(int(rng.integers(1, 7))):
        label = int(rng.integers(len(LABELS)))
        outline = _outline(rng, label, (width, height))
        box = (*outline.min(axis=0), *outline.max(axis=0))
        if any(_overlap(box, other) > 0.2 for other in boxes):
            continue
        fill = _contrasting(rng, picture, box)
        ImageDraw.Draw(picture).polygon([tuple(point) for point in outline], fill=fill)
        boxes.append(box)
        labels.append(label)
    picture = picture.filter(ImageFilter.GaussianBlur(float(rng.uniform(0, 1.2))))
    return Scene(picture, np.array(boxes, np.float32).reshape(-1, 4), np.array(labels, np.int64))


def _background(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    first, second = rng.integers(0, 256, size=(2, 3))
    slope = np.linspace(0, 1, width)[None, :, None] * rng.uniform(0, 1)
    plain = first * (1 - slope) + second * slope
    noise = rng.normal(0, rng.uniform(2, 18), size=(height, width, 3))
    return Image.fromarray(np.clip(plain + noise, 0, 255).astype(np.uint8))


def _outline(rng: np.random.Generator, label: int, size: tuple[int, int]) -> np.ndarray:
    """Return the polygon [points, 2] of one shape, turned at random and inside the picture."""
    radius = rng.uniform(0.07, 0.2) * min(size) + 6
    corners, dent = {"circle": (40, 1.0), "square": (4, 1.0), "triangle": (3, 1.0), "star": (10, 0.45)}[LABELS[label]]
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False) + rng.uniform(0, 2 * np.pi)
    radii = np.where(np.arange(corners) % 2, radius * dent, radius)
    centre = [rng.uniform(radius, side - radius) for side in size]
    return np.stack([np.cos(angles) * radii, np.sin(angles) * radii], axis=1) + centre


def _contrasting(rng: np.random.Generator, picture: Image.Image, box: tuple[float, ...]) -> tuple[int, int, int]:
    """Return a colour that can be told from what lies under the box."""
    under = np.asarray(picture.crop(tuple(int(side) for side in box)), np.float32).mean(axis=(0, 1))
    while True:
        colour = rng.integers(0, 256, size=3)
        if np.abs(colour - under).max() > 60:
            return tuple(int(channel) for channel in colour)


def _overlap(box: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Return the intersection as a share of the smaller box."""
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = [(right - left) * (bottom - top) for left, top, right, bottom in (box, other)]
    return width * height / min(areas)
