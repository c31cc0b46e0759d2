"""Formats, orientation, transparency, and pictures that ask for too much."""

from __future__ import annotations

import io
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features

from spotter.errors import ImageError
from spotter.io.formats import FORMATS, IMAGE_SUFFIXES
from spotter.io.images import image_size, read_image
from spotter.io.pixels import choose_background
from spotter.io.sources import ReadLimits

PEAK = """
import resource, sys
from spotter.io.images import read_image
read_image({small!r})
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
read_image(sys.argv[1])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def encode(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def noise(height: int = 20, width: int = 32) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize(
    ("form", "exact"),
    [
        *(("PNG", True), ("BMP", True), ("TIFF", True), ("PPM", True), ("DIB", True)),
        *(("JPEG", False), ("WEBP", False), ("GIF", False), ("MPO", False), ("AVIF", False)),
        *(("JPEG2000", False), ("ICO", True)),
    ],
)
def test_every_allowed_format_opens(form: str, exact: bool, tmp_path: Path) -> None:
    codec = {"WEBP": "webp", "AVIF": "avif", "JPEG2000": "jpg_2000"}.get(form)
    if codec and not features.check(codec):
        pytest.skip(f"this Pillow has no {form}")
    assert form in FORMATS
    flat = np.zeros((32, 32, 3), np.uint8) + np.array([200, 120, 40], np.uint8)
    # The suffix says nothing.
    path = tmp_path / "photo.txt"
    options = {"sizes": [(32, 32)]} if form == "ICO" else {}
    path.write_bytes(encode(Image.fromarray(flat), form, **options))
    read = read_image(path)
    assert read.shape == (32, 32, 3)
    assert image_size(path) == (32, 32)
    np.testing.assert_allclose(read[4:-4, 4:-4], flat[4:-4, 4:-4, ::-1], atol=0 if exact else 8)


def test_suffixes_are_those_of_the_allowed_formats() -> None:
    Image.init()
    known = {suffix for suffix, form in Image.registered_extensions().items() if form in FORMATS}
    assert known <= set(IMAGE_SUFFIXES)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 32\n", "EPS"),
        (b"DDS |\x00\x00\x00", "DDS"),
        (b"BLP2\x01\x00\x00\x00", "BLP"),
        (b"8BPS\x00\x01", "Photoshop"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x00\x00", "MP4"),
        (b"%PDF-1.7\n", "PDF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
    ],
)
def test_other_formats_are_named_and_refused(data: bytes, name: str, tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(data + bytes(64))
    with pytest.raises(ImageError, match=rf"photo\.jpg: not an image .*, but {name}"):
        read_image(path)


def heif(image: Image.Image, **options: object) -> bytes:
    pillow_heif = pytest.importorskip("pillow_heif")
    stream = io.BytesIO()
    pillow_heif.from_pillow(image).save(stream, quality=95, **options)
    return stream.getvalue()


@pytest.mark.parametrize("brand", [b"heic", b"mif1"])
def test_heif(brand: bytes, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = np.zeros((32, 64, 3), np.uint8)
    stored[:16, :32] = (200, 120, 40)
    data = heif(Image.fromarray(stored), exif=exif.tobytes())
    assert data[4:12] == b"ftypheic"
    path = tmp_path / "photo.txt"
    path.write_bytes(data[:8] + brand + data[12:])
    read = read_image(path)
    # Turned by a quarter clockwise, once: what was at the upper left is at the upper right.
    assert read.shape == (64, 32, 3)
    assert image_size(path) == (32, 64)
    np.testing.assert_allclose(read[8, -8], (40, 120, 200), atol=8)
    assert read[8, 8].max() < 12
    assert Image.registered_extensions().get(".heic") is None
    with pytest.raises(ImageError, match=r"photo\.txt: 32 x 64|photo\.txt: 64 x 32"):
        read_image(path, ReadLimits(max_pixels=1000))


def test_damaged_heif_and_heif_without_its_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    data = heif(Image.new("RGB", (64, 64)))
    with pytest.raises(ImageError, match="damaged"):
        read_image(data[: len(data) // 2])
    monkeypatch.setattr("spotter.io.formats.find_spec", lambda name: None)
    with pytest.raises(ImageError, match=r"is HEIF, which needs .*\[heif\]"):
        read_image(data)


def test_ghostscript_is_never_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def started(*args: object, **kwargs: object) -> None:
        raise AssertionError("a program was started")

    monkeypatch.setattr(subprocess, "Popen", started)
    path = tmp_path / "photo.eps"
    path.write_bytes(
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 32\n%%EndComments\nshowpage\n"
    )
    with pytest.raises(ImageError, match="EPS"):
        read_image(path)
    with Image.open(path) as image, pytest.raises(ImageError, match="runs other programs"):
        read_image(image)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_orientation_of_every_format(form: str, orientation: int) -> None:
    """A white upper left corner ends where the camera meant it."""
    stored = np.zeros((16, 48, 3), np.uint8)
    stored[:8, :24] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encode(Image.fromarray(stored), form, exif=exif)
    read = read_image(data)
    upright = {3: (48, 16), 6: (16, 48), 8: (16, 48)}[orientation]
    assert (read.shape[1], read.shape[0]) == upright
    assert image_size(data) == upright
    # Half turn: lower right. A quarter clockwise: upper right. Counterclockwise: lower left.
    row, column = {3: (-4, -4), 6: (4, -4), 8: (-4, 4)}[orientation]
    assert read[row, column].min() > 200
    assert read[-row, -column].max() < 60


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_damaged_exif_is_no_exif(form: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "maker"
    whole = exif.tobytes()
    # Offsets that point nowhere, a cut, a type that does not exist.
    broken = [whole[:-6], whole[:10], whole.replace(b"maker", b""), whole[:18] + b"\xff" * 20]
    for block in broken:
        data = encode(Image.fromarray(noise()), form, exif=block)
        assert sorted(read_image(data).shape) == [3, 20, 32]


def test_transparency_is_laid_on_what_shows_the_ink() -> None:
    def ink(level: int, share: float = 0.2) -> np.ndarray:
        picture = np.zeros((20, 20, 4), np.uint8)
        picture[: int(20 * share)] = (level, level, level, 255)
        return picture

    for level, background in ((0, 255), (120, 255), (255, 0), (230, 0)):
        read = read_image(ink(level))
        assert read[0, 0].tolist() == [level] * 3
        assert read[-1, -1].tolist() == [background] * 3
        np.testing.assert_array_equal(read_image(encode(Image.fromarray(ink(level)))), read)
    both = ink(255)
    both[10:14] = (0, 0, 0, 255)
    assert read_image(both)[-1, -1].tolist() == [128] * 3
    assert choose_background(np.zeros(256)) == 255


def test_wide_samples_in_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spotter.io.pixels._STRIP_PIXELS", 40)
    ramp = np.linspace(0, 65535, 400).reshape(20, 20)
    expected = np.rint(ramp.astype(np.uint16) / 257.0)
    for array in (ramp.astype(np.uint16), ramp.astype(np.int32), ramp.astype(np.float32)):
        read = read_image(encode(Image.fromarray(array), "TIFF"))
        np.testing.assert_allclose(read[..., 1], expected, atol=1)
    unit = Image.fromarray((ramp / 65535).astype(np.float32))
    np.testing.assert_allclose(read_image(encode(unit, "TIFF"))[..., 0], expected, atol=1)
    holes = (ramp / 65535).astype(np.float32)
    holes[0, 0], holes[0, 1] = np.nan, np.inf
    read = read_image(Image.fromarray(holes))
    assert (read[0, 0, 0], read[0, 1, 0], read[-1, -1, 0]) == (0, 255, 255)
    rgb = noise()
    np.testing.assert_array_equal(read_image(encode(Image.fromarray(rgb))), rgb[..., ::-1])
    alpha = np.concatenate([rgb, np.full((20, 32, 1), 255, np.uint8)], axis=2)
    np.testing.assert_array_equal(read_image(alpha), rgb)


def zeros_png(path: Path, side: int, depth: int, kind: int, channels: int) -> Path:
    """A black PNG that is some kB large, written without its pixels in memory."""
    row = bytes(1 + side * channels * depth // 8)
    packer, body = zlib.compressobj(9), b""
    for _ in range(side):
        body += packer.compress(row)
    body += packer.flush()

    def chunk(name: bytes, data: bytes) -> bytes:
        check = zlib.crc32(name + data).to_bytes(4, "big")
        return len(data).to_bytes(4, "big") + name + data + check

    sides = side.to_bytes(4, "big") * 2
    head = chunk(b"IHDR", sides + bytes([depth, kind, 0, 0, 0]))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", body) + chunk(b"IEND", b""))
    return path


def test_too_many_pixels_are_refused_before_decoding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = zeros_png(tmp_path / "bomb.png", 200, 8, 2, 3)
    limits = ReadLimits(max_pixels=39_999)
    with pytest.raises(ImageError, match=r"bomb\.png: 200 x 200 pixels are more than the limit"):
        read_image(path, limits)
    assert read_image(path, ReadLimits(max_pixels=40_000)).shape == (200, 200, 3)
    assert image_size(path, limits) == (200, 200)
    # The limit that Pillow has for the whole process is no obstacle to a higher one of ours.
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    assert read_image(path).shape == (200, 200, 3)


@pytest.mark.skipif(sys.platform != "linux", reason="units of getrusage")
@pytest.mark.parametrize(
    ("depth", "kind", "channels"), [(8, 2, 3), (16, 0, 1), (8, 6, 4), (1, 0, 1)]
)
def test_memory_per_pixel(tmp_path: Path, depth: int, kind: int, channels: int) -> None:
    small = zeros_png(tmp_path / "small.png", 64, depth, kind, channels)
    path = zeros_png(tmp_path / "large.png", 3000, depth, kind, channels)
    command = [sys.executable, "-c", PEAK.format(small=str(small)), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    # 4 bytes per pixel and channel of the result, and 30 MB for strips.
    assert int(done.stdout) * 1024 < 4 * 3 * 3000 * 3000 + 30e6


def test_no_memory_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise MemoryError

    monkeypatch.setattr("spotter.io.images.pil_to_bgr", fail)
    with pytest.raises(ImageError, match="not enough memory"):
        read_image(encode(Image.fromarray(noise())))


def test_a_jpeg_of_ever_so_many_scans_is_refused() -> None:
    stream = io.BytesIO()
    Image.new("RGB", (1000, 1000)).save(stream, "JPEG", progressive=True)
    data = stream.getvalue()
    scan = data[data.rindex(b"\xff\xda") : -2]
    assert read_image(data[:-2] + 20 * scan + data[-2:]).shape == (1000, 1000, 3)
    many = data[:-2] + 10_000 * scan + data[-2:]
    for read in (read_image, image_size):
        with pytest.raises(ImageError, match=r"a JPEG of 100\d\d scans, which would take too"):
            read(many)
