"""Depth and pixels: told from the bytes, without parsing or decoding them."""

import io
import struct
import time
import zlib

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from trireme.gateway.bounds import check_depth, check_pixels
from trireme.gateway.problems import ProblemError

SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
LARGE = {"open": b"[" * 8_000_000, "escapes": b'["' + b"\\" * 4_000_000, "texts": b'"[' * 4_000_000}


def depth(value):
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)


def refused(check, *args):
    try:
        check(*args)
    except ProblemError as error:
        return error.code == "too-large"
    return False


@example({'"{': None}, 1)
@example({"\\": ['"[']}, 2)
@given(VALUES, st.integers(1, 6))
def test_a_body_is_as_deep_as_its_values(value, most):
    assert refused(check_depth, orjson.dumps(value), most) is (depth(value) > most)


@pytest.mark.parametrize(
    "body", [b"[" * 8_000_000, b'["' + b"\\\\" * 4_000_000, b'"[' * 4_000_000], ids=["open", "escapes", "texts"]
)
def test_a_large_body_is_looked_at_in_a_moment(body):
    begun = time.process_time()
    refused(check_depth, body, 32)
    assert time.process_time() - begun < 5


def png(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height", "over"), [(10, 10, False), (11, 10, True), (2**20, 2**20, True)])
def test_an_image_says_its_size_in_its_header(width, height, over):
    assert refused(check_pixels, png(width, height), 100, "image") is over


@pytest.mark.parametrize("kind", ["JPEG", "GIF", "BMP", "WEBP", "TIFF"])
def test_other_formats_say_it_too(kind):
    file = io.BytesIO()
    Image.new("RGB", (20, 10)).save(file, kind)
    assert refused(check_pixels, file.getvalue(), 199, "image")
    assert not refused(check_pixels, file.getvalue(), 200, "image")


@pytest.mark.parametrize("data", [b"", b"BM", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"RIFF" + b"\0" * 40, b"a text"])
def test_what_is_no_image_passes(data):
    assert not refused(check_pixels, data, 1, "image")
