"""Limits that need a look inside: how deep a JSON body is, how many pixels an image would have."""

from __future__ import annotations

import io
import re
import warnings

import numpy as np
from PIL import Image

from trireme.gateway.problems import ProblemError

ESCAPED = re.compile(rb"\\.", re.DOTALL)
QUOTE, OPENING, CLOSING = ord('"'), b"[{", b"]}"
MAGIC = re.compile(rb"\x89PNG|\xff\xd8\xff|GIF8|BM|RIFF|II\*\0|MM\0\*")
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF")


def check_depth(body: bytes, most: int) -> None:
    """Refuse a JSON body whose lists and objects lie within each other more than `most` deep, in time linear in its size.

    Raises:
        ProblemError: it is deeper.

    """
    if body.count(b"[") + body.count(b"{") <= most:
        return
    marks = np.frombuffer(ESCAPED.sub(b"", body), np.uint8)
    outside = np.cumsum(marks == QUOTE, dtype=np.int64) % 2 == 0
    marks = marks[outside]
    steps = np.isin(marks, list(OPENING)).astype(np.int8) - np.isin(marks, list(CLOSING)).astype(np.int8)
    if np.cumsum(steps, dtype=np.int64).max(initial=0) > most:
        raise ProblemError("too-large", f"lists and objects lie within each other more than {most} deep")


def check_pixels(data: bytes, most: int, place: str) -> None:
    """Refuse an image that its header says is larger than `most` pixels; nothing is decoded, and what is no image passes.

    Raises:
        ProblemError: it is larger.

    """
    if not MAGIC.match(data):
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                pixels = image.width * image.height
    except Image.DecompressionBombError:
        pixels = most + 1
    except Exception:  # noqa: BLE001 - a header that cannot be read is the model's to refuse
        return
    if pixels > most:
        raise ProblemError("too-large", f"an image has more than {most} pixels", fields=[(place, "send a smaller image")])
