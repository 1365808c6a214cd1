"""JPEG or PNG bytes -> a letterboxed, normalised picture, and what is needed to map boxes back."""

import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

SIDE = 128
GREY = 114
MAX_PIXELS = 50_000_000
BROKEN = (OSError, SyntaxError, EOFError, ValueError, IndexError, struct.error, zlib.error)
"""What Pillow raises for files that are not what they say."""
Image.MAX_IMAGE_PIXELS = None  # judged below, from the header, with a sentence of our own


def infer(*, image: np.ndarray) -> dict[str, np.ndarray]:
    """Image [n, 1] bytes -> pixels [n, 3, 128, 128] in 0..1, letterbox [n, 5] = scale, left, top, width, height."""
    pixels = np.full((len(image), SIDE, SIDE, 3), GREY, np.uint8)
    letterbox = np.empty((len(image), 5), np.float32)
    for row, data in enumerate(image[:, 0]):
        letterbox[row] = _place(_decode(data, row), pixels[row])
    return {"pixels": pixels.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255), "letterbox": letterbox}


def _decode(data: bytes, row: int) -> Image.Image:
    """Return the picture as RGB, upright as its EXIF says; its size is judged before a pixel is decoded."""
    if not data:
        raise ValueError(f"image: row {row} is empty (0 bytes); expected a JPEG or PNG file")
    try:
        picture = Image.open(io.BytesIO(data), formats=("JPEG", "PNG"))
    except UnidentifiedImageError:
        raise ValueError(f"image: row {row} is not a JPEG or PNG file ({len(data)} bytes)") from None
    except BROKEN as error:
        raise ValueError(f"image: row {row} is a broken file: {error}") from None
    if picture.width * picture.height > MAX_PIXELS:
        size, most = f"{picture.width} x {picture.height}", MAX_PIXELS // 1_000_000
        raise ValueError(f"image: row {row} is {size} pixels; expected at most {most} megapixels")
    try:
        upright = ImageOps.exif_transpose(picture)
        if upright.mode.startswith("I"):  # 16-bit grey: convert() would cut it off at 255
            upright = upright.point(lambda level: level / 257, "L")
        return upright.convert("RGB")
    except BROKEN as error:
        raise ValueError(f"image: row {row} is a broken file: {error}") from None


def _place(picture: Image.Image, canvas: np.ndarray) -> tuple[float, ...]:
    """Resize into the middle of the canvas [128, 128, 3], keeping the proportions; return the letterbox row."""
    scale = SIDE / max(picture.size)
    width, height = (max(1, round(side * scale)) for side in picture.size)
    left, top = (SIDE - width) // 2, (SIDE - height) // 2
    resized = picture.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
    canvas[top : top + height, left : left + width] = np.asarray(resized)
    return scale, left, top, *picture.size
