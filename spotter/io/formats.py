"""Which picture formats are opened: an allow-list, decided by what a file holds."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from importlib.util import find_spec
from typing import IO

from PIL import Image, ImageFile

from spotter.errors import ImageError
from spotter.io.names import one_line

# Pillow's names of the formats that are opened, and the plugin module of each. Everything else that
# Pillow knows stays shut: EPS starts Ghostscript, and of the rare ones nobody takes photos.
_PLUGINS = {
    "JPEG": "JpegImagePlugin",
    "PNG": "PngImagePlugin",
    "WEBP": "WebPImagePlugin",
    "GIF": "GifImagePlugin",
    "TIFF": "TiffImagePlugin",
    "BMP": "BmpImagePlugin",
    "DIB": "BmpImagePlugin",
    "PPM": "PpmImagePlugin",
    "JPEG2000": "Jpeg2KImagePlugin",
    "AVIF": "AvifImagePlugin",
    "ICO": "IcoImagePlugin",
}

FORMATS = (*_PLUGINS, "MPO", "HEIF")
"""Formats that are opened, by Pillow's names; MPO is what Pillow calls a JPEG of several, and HEIF
(the photos of phones, ``.heic``) needs pillow-heif, extra ``heif``."""

IMAGE_SUFFIXES = (
    *(".apng", ".avif", ".avifs", ".bmp", ".dib", ".gif", ".heic", ".heif", ".hif", ".ico"),
    *(".j2c", ".j2k", ".jfif", ".jp2", ".jpc", ".jpe", ".jpeg", ".jpf", ".jpg", ".jpx", ".mpo"),
    *(".pbm", ".pfm", ".pgm", ".png", ".pnm", ".ppm", ".tif", ".tiff", ".webp"),
)
"""Suffixes by which pictures are found in folders; what a file is, its content says."""

_HEIF = ("HEIC", "HEIF")

_START_OF_SCAN = b"\xff\xda"
# Scans times pixels: photos have about ten scans, of 200 million pixels at most.
_MOST_SCANNED = 10**10
_CHUNK = 1 << 20

DOCUMENT_SUFFIXES = (".pdf",)

_MAGIC = (
    (0, b"%PDF", "PDF"),
    (0, b"%!PS", "EPS or PostScript"),
    (0, b"\xc5\xd0\xd3\xc6", "EPS"),
    (0, b"DDS ", "DDS"),
    (0, b"BLP", "BLP"),
    (0, b"8BPS", "Photoshop"),
    (0, b"\x8aMNG", "MNG"),
    (0, b"qoif", "QOI"),
    (0, b"\xff\x0a", "JPEG XL"),
    (0, b"\x00\x00\x00\x0cJXL ", "JPEG XL"),
    (0, b"v/1\x01", "OpenEXR"),
    (0, b"#?RADIANCE", "Radiance HDR"),
    (0, b"SIMPLE  =", "FITS"),
    (0, b"\x89HDF", "HDF5"),
    (0, b"icns", "ICNS"),
    (0, b"\xd7\xcd\xc6\x9a", "WMF"),
    (0, b"\x00\x00\x02\x00", "CUR or TGA"),
    (0, b"\x01\xda", "SGI"),
    (0, b"\x59\xa6\x6a\x95", "Sun raster"),
    (0, b"/* XPM", "XPM"),
    (0, b"PK\x03\x04", "ZIP archive"),
    (0, b"\x1f\x8b", "gzip"),
    (0, b"RIFF", "RIFF (no WebP)"),
    (0, b"<svg", "SVG"),
    (0, b"<?xml", "XML or SVG"),
    (0, b"<!DOCTYPE html", "HTML page"),
    (0, b"<html", "HTML page"),
    (4, b"ftypheic", "HEIC"),
    (4, b"ftypheix", "HEIC"),
    (4, b"ftypheim", "HEIC"),
    (4, b"ftypheis", "HEIC"),
    (4, b"ftypmif1", "HEIF"),
    (4, b"ftypavif", "AVIF"),
    (4, b"ftypavis", "AVIF"),
    (4, b"ftyp", "MP4 or another ISO media file"),
    (40, b" EMF", "EMF"),
)


def format_name(prefix: bytes) -> str | None:
    """What the first bytes of a file (64 are enough) say that it is, where we do not open it."""
    found = (name for at, magic, name in _MAGIC if prefix[at : at + len(magic)] == magic)
    return next(found, None)


def _open_heif(stream: IO[bytes], name: str) -> ImageFile.ImageFile:
    """A HEIF picture; of several in one file the primary one."""
    if find_spec("pillow_heif") is None:
        raise ImageError(
            f"{name}: is HEIF, which needs pillow-heif (pip install 'scene-text-spotter[heif]')"
        )
    # Not registered with Pillow, which is the whole process's.
    from pillow_heif import HeifImageFile

    stream.seek(0)
    try:
        return HeifImageFile(stream)
    except Exception as error:
        raise ImageError(f"{name}: damaged or truncated HEIF ({one_line(error)})") from None


def _check_scans(stream: IO[bytes], pixels: int, name: str) -> None:
    """Refuse a JPEG that sends its pixels again and again: a few bytes a scan, over all of them."""
    stream.seek(0)
    scans, last = 0, b""
    while chunk := stream.read(_CHUNK):
        scans += (last + chunk).count(_START_OF_SCAN)
        last = chunk[-1:]
    if scans * pixels > _MOST_SCANNED:
        raise ImageError(f"{name}: a JPEG of {scans} scans, which would take too long")


def _accepts(accept: Callable[[bytes], bool | str] | None, prefix: bytes) -> bool:
    """Whether a plugin takes a file; some say in words that this Pillow lacks their decoder."""
    try:
        answer = accept is None or accept(prefix)
    except Exception:
        # Such as struct.error, for files of a few bytes.
        return False
    return bool(answer) and not isinstance(answer, str)


def open_image(stream: IO[bytes], name: str) -> ImageFile.ImageFile:
    """Open a picture of an allowed format lazily; its pixels are not decoded yet.

    Pillow's own ``Image.open`` is not called: its limit of pixels is one of the whole process.

    Args:
        stream: Seekable; it stays open.
        name: For messages.

    Raises:
        ImageError: Of another format, which the message names where it is known, or damaged.
    """
    stream.seek(0)
    prefix = stream.read(64)
    found = format_name(prefix)
    for kind, plugin in _PLUGINS.items():
        try:
            importlib.import_module(f"PIL.{plugin}")
            factory, accept = Image.OPEN[kind]
        except (ImportError, KeyError):
            continue
        if not _accepts(accept, prefix[:16]):
            continue
        try:
            stream.seek(0)
            image = factory(stream, "")
            if kind == "JPEG":
                _check_scans(stream, image.width * image.height, name)
            return image
        except ImageError:
            raise
        except Exception as error:
            # Plugins document no set of errors for damaged data.
            reason = one_line(error)
        if kind == "AVIF" and found in _HEIF:
            # The name of the container alone does not tell which of the two it holds.
            break
        raise ImageError(f"{name}: damaged or truncated {kind} ({reason})")
    if found in _HEIF:
        return _open_heif(stream, name)
    if found is None:
        raise ImageError(f"{name}: not an image, or of a format that cannot be read")
    raise ImageError(f"{name}: not an image that is read here, but {found}")
