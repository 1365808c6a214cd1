import io
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image

from trireme.sources import load_infer


@pytest.fixture(scope="module")
def infer(sources):
    return load_infer("image_preprocess", sources.root)


def file(picture, kind="PNG", **options):
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def huge_png(width, height):
    """A PNG whose header promises a huge picture, in a hundred bytes."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def one(infer, data):
    return infer(image=np.array([[data]], object))


JPEG = file(Image.new("RGB", (64, 48), "red"), "JPEG")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", r"image: row 0 is empty \(0 bytes\); expected a JPEG or PNG file"),
        (b"GIF89a" + bytes(100), r"image: row 0 is not a JPEG or PNG file \(106 bytes\)"),
        (JPEG[: len(JPEG) // 2], "image: row 0 is a broken file: "),
        (file(Image.new("RGB", (64, 48)))[:60], "image: row 0 is a broken file: "),
        (huge_png(10_000, 5_001), "image: row 0 is 10000 x 5001 pixels; expected at most 50 megapixels"),
    ],
)
def test_what_is_no_picture_is_refused(infer, data, sentence):
    with pytest.raises(ValueError, match=sentence):
        one(infer, data)


def test_a_huge_picture_is_refused_before_it_is_decoded(infer):
    tracemalloc.start()
    with pytest.raises(ValueError, match="50 megapixels"):
        one(infer, huge_png(60_000, 60_000))
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_the_bad_row_is_named(infer):
    with pytest.raises(ValueError, match="image: row 1 is empty"):
        infer(image=np.array([[JPEG], [b""]], object))


def test_a_picture_is_put_into_the_middle_with_its_proportions(infer):
    found = one(infer, file(Image.new("RGB", (256, 128), (255, 0, 0))))
    assert found["letterbox"].tolist() == [[0.5, 0, 32, 256, 128]]
    assert found["pixels"].dtype == np.float32
    np.testing.assert_allclose(found["pixels"][0, :, 64, 64], [1, 0, 0])
    np.testing.assert_allclose(found["pixels"][0, :, 10, 64], 114 / 255)


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "1", "LA"])
def test_every_mode_of_png_is_taken(infer, mode):
    assert one(infer, file(Image.new(mode, (20, 10))))["pixels"].shape == (1, 3, 128, 128)


def test_16_bit_grey_keeps_its_levels(infer):
    grey = Image.fromarray(np.full((8, 8), 32_896, np.uint16))
    np.testing.assert_allclose(one(infer, file(grey))["pixels"][0, :, 64, 64], 128 / 255, atol=0.005)


def test_a_bomb_in_the_text_of_a_png_is_refused(infer):
    from PIL import PngImagePlugin  # noqa: PLC0415 - only here

    info = PngImagePlugin.PngInfo()
    info.add_text("comment", "x" * 80_000_000, zip=True)
    with pytest.raises(ValueError, match="image: row 0 is a broken file: "):
        one(infer, file(Image.new("RGB", (8, 8)), pnginfo=info))


def test_a_picture_is_turned_upright_as_its_exif_says(infer):
    exif = Image.Exif()
    exif[0x0112] = 6
    assert one(infer, file(Image.new("RGB", (60, 20)), "JPEG", exif=exif))["letterbox"][0, 3:].tolist() == [20, 60]


def test_a_picture_one_pixel_high_is_taken(infer):
    assert one(infer, file(Image.new("RGB", (1000, 1))))["letterbox"][0, 3:].tolist() == [1000, 1]
