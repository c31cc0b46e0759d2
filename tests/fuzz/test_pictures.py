"""Damaged pictures and documents: pixels or one line, never anything else."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, features

from spotter.errors import ImageError
from spotter.io import ReadLimits, image_size, read_pages
from tests.fuzz.mutations import damaged_bytes, fuzz, holds

LIMITS = ReadLimits(max_pixels=1_000_000, max_bytes=1_000_000, max_pages=5)


def whole_files() -> list[bytes]:
    """Small pictures of every format, mode and trait that is read in a way of its own."""
    rng = np.random.default_rng(0)
    colour = Image.fromarray(rng.integers(0, 256, (24, 32, 3), np.uint8))
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "maker"
    kinds = [
        *((colour, "JPEG", {"exif": exif}), (colour, "PNG", {"exif": exif}), (colour, "BMP", {})),
        *((colour, "TIFF", {}), (colour, "TIFF", {"compression": "tiff_lzw"}), (colour, "PPM", {})),
        *((colour.convert("CMYK"), "JPEG", {}), (colour.convert("P"), "PNG", {"transparency": 3})),
        *((colour.convert("RGBA"), "PNG", {}), (colour.convert("LA"), "PNG", {})),
        *((colour.convert("I;16"), "PNG", {}), (colour.convert("F"), "TIFF", {})),
        *((colour.convert("1"), "TIFF", {"compression": "group4"}), (colour, "ICO", {})),
        *((colour, "JPEG", {"progressive": True}), (colour, "DIB", {})),
    ]
    if features.check("webp"):
        kinds.append((colour, "WEBP", {"exif": exif}))
    if features.check("avif"):
        kinds.append((colour, "AVIF", {}))
    if features.check("jpg_2000"):
        kinds.append((colour, "JPEG2000", {}))
    frames = [colour, colour.rotate(90), colour.rotate(180)]
    kinds += [
        (colour, form, {"save_all": True, "append_images": frames[1:]})
        for form in ("GIF", "TIFF", "PNG", "MPO")
    ]
    files = []
    for image, form, options in kinds:
        stream = io.BytesIO()
        image.save(stream, form, **options)
        files.append(stream.getvalue())
    return files


def read_everything(data: bytes) -> int:
    count = 0
    for page in read_pages(data, LIMITS):
        count += 1
        if page.image is None:
            assert page.error
            assert len(page.error.splitlines()) == 1
            continue
        assert page.image.dtype == np.uint8
        assert page.image.shape[2:] == (3,)
        assert 0 < page.image.shape[0] * page.image.shape[1] <= LIMITS.max_pixels
    return count


WHOLE = whole_files()


def test_whole_files_are_read() -> None:
    assert all(read_everything(data) >= 1 for data in WHOLE)


@fuzz(damaged_bytes(WHOLE))
def test_damaged_pictures(data: bytes) -> None:
    holds(lambda: read_everything(data), ImageError)
    holds(lambda: image_size(data), ImageError)
