"""One way to read a picture: whatever the file holds comes out as upright uint8 BGR."""

from __future__ import annotations

import io
import os
import struct
import warnings
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from spotter.errors import ImageError

IMAGE_SUFFIXES = (
    ".bmp", ".gif", ".jpeg", ".jpg", ".jp2", ".png", ".ppm", ".pgm", ".tif", ".tiff", ".webp",
)  # fmt: skip

# Everything that Pillow's decoders raise on damaged data; none of them documents a narrower set.
_DECODE_ERRORS = (OSError, SyntaxError, ValueError, struct.error, EOFError, IndexError, TypeError)
_ORIENTATION_TAG = 0x0112
_ORIENTATIONS_WITH_SWAPPED_SIDES = (5, 6, 7, 8)

ImageSource = str | os.PathLike | bytes | bytearray | memoryview | Image.Image | np.ndarray


def read_image(source: ImageSource) -> np.ndarray:
    """Read an image as uint8 BGR, turned upright.

    EXIF orientation is applied. Grey, palette and CMYK become colour, transparency is laid over
    white, and 16-bit samples are scaled to 8 bits.

    Args:
        source: A path, the bytes of an encoded file, a PIL image, or an array: uint8, uint16 or
            bool of shape (H, W), (H, W, 1), (H, W, 3) BGR or (H, W, 4) BGRA.

    Returns:
        (H, W, 3) uint8 BGR, C-contiguous. An array that has this form already is not copied.

    Raises:
        ImageError: The file does not exist, is no image, is truncated, or the array has another
            shape or type.
    """
    if isinstance(source, np.ndarray):
        return _array_to_bgr(source)
    if isinstance(source, Image.Image):
        return _pil_to_bgr(source, "image")
    image, name = _open(source)
    with image:
        return _pil_to_bgr(image, name)


def image_size(source: ImageSource) -> tuple[int, int]:
    """Width and height in pixels of the upright image (EXIF applied), without decoding it.

    Raises:
        ImageError: The file does not exist or is no image.
    """
    if isinstance(source, np.ndarray):
        return source.shape[1], source.shape[0]
    if isinstance(source, Image.Image):
        return _upright_size(source)
    image, _ = _open(source)
    with image:
        return _upright_size(image)


def detector_input_size(
    width: int,
    height: int,
    limit_side: int,
    limit_type: str = "max",
    size_divisor: int = 32,
    zoom: float = 1.0,
) -> tuple[int, int]:
    """Size at which a detector sees a photo of ``width`` x ``height`` pixels.

    Args:
        width: Width of the photo.
        height: Height of the photo.
        limit_side: Bound in pixels.
        limit_type: ``"max"``: photos whose long side exceeds the bound are shrunk to it;
            ``"min"``: photos whose short side falls below the bound are enlarged to it.
        size_divisor: Both sides are rounded to the nearest multiple of it, and at least it.
        zoom: Factor by which the photo is enlarged before the bound is looked at: small words are
            found better, at the price of the pixels.

    Returns:
        (width, height) in pixels.
    """
    if limit_type not in ("max", "min"):
        raise ValueError(f'limit_type is "max" or "min", not {limit_type!r}')
    bound = limit_side / (max(width, height) if limit_type == "max" else min(width, height))
    factor = min(bound, zoom) if limit_type == "max" else max(bound, zoom)

    def snap(side: int) -> int:
        return max(size_divisor, round(side * factor / size_divisor) * size_divisor)

    return snap(width), snap(height)


def resize_image(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """Resize with the filter that suits the direction: area when both sides shrink, else linear."""
    if image.shape[1] == width and image.shape[0] == height:
        return image
    shrinks = width <= image.shape[1] and height <= image.shape[0]
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(image, (width, height), interpolation=interpolation)


def _open(source: Any) -> tuple[Image.Image, str]:
    """The lazily opened PIL image and the name that error messages give it."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        data = bytes(source)
        name = f"image of {len(data)} bytes"
        stream: Any = io.BytesIO(data)
    elif isinstance(source, (str, os.PathLike)):
        stream = Path(source)
        name = str(stream)
        if not stream.exists():
            raise ImageError(f"{name}: no such file")
        if stream.is_dir():
            raise ImageError(f"{name}: is a folder, not an image")
    else:
        raise ImageError(
            f"cannot read an image from {type(source).__name__}; give a path, bytes, PIL image "
            "or array"
        )
    try:
        with warnings.catch_warnings():
            # Large photos are legitimate; the hard limit of Pillow still stands.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(stream), name
    except UnidentifiedImageError:
        raise ImageError(f"{name}: not an image, or of a format that cannot be read") from None
    except Image.DecompressionBombError:
        raise ImageError(f"{name}: too many pixels") from None
    except _DECODE_ERRORS as error:
        raise ImageError(f"{name}: cannot be read ({_one_line(error)})") from None


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except _DECODE_ERRORS:
        # A damaged EXIF block says nothing about the pixels.
        return 1


def _upright_size(image: Image.Image) -> tuple[int, int]:
    width, height = image.size
    if _orientation(image) in _ORIENTATIONS_WITH_SWAPPED_SIDES:
        return height, width
    return width, height


def _pil_to_bgr(image: Image.Image, name: str) -> np.ndarray:
    try:
        image.load()
    except _DECODE_ERRORS as error:
        raise ImageError(f"{name}: truncated or damaged ({_one_line(error)})") from None
    if min(image.size) < 1:
        raise ImageError(f"{name}: has no pixels")
    if _orientation(image) != 1:
        image = ImageOps.exif_transpose(image) or image
    if image.mode == "F" or image.mode.startswith("I"):
        return _array_to_bgr(_wide_to_uint8(np.asarray(image)))
    if image.mode in ("RGBA", "LA", "La", "RGBa", "PA") or "transparency" in image.info:
        return _array_to_bgr(cv2.cvtColor(np.asarray(image.convert("RGBA")), cv2.COLOR_RGBA2BGRA))
    return cv2.cvtColor(np.asarray(image.convert("RGB")), cv2.COLOR_RGB2BGR)


def _wide_to_uint8(array: np.ndarray) -> np.ndarray:
    """Grey of more than 8 bits: a full 16-bit range, unless the values say otherwise."""
    values = np.nan_to_num(array.astype(np.float64))
    top = float(values.max(initial=0.0))
    if array.dtype != np.uint16 and top <= 1.0 and array.dtype.kind == "f":
        values = values * 255.0
    elif array.dtype == np.uint16 or 255.0 < top <= 65535.0:
        values = values / 257.0
    elif top > 65535.0:
        values = values * (255.0 / top)
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _array_to_bgr(array: np.ndarray) -> np.ndarray:
    channels = 1 if array.ndim == 2 else array.shape[2] if array.ndim == 3 else 0
    if channels not in (1, 3, 4) or array.size == 0:
        raise ImageError(
            f"array of shape {array.shape} is no image; give (H, W), (H, W, 3) or (H, W, 4)"
        )
    if array.dtype == np.uint16:
        array = np.rint(array / 257.0).astype(np.uint8)
    elif array.dtype == np.bool_:
        array = array.astype(np.uint8) * np.uint8(255)
    elif array.dtype != np.uint8:
        raise ImageError(f"array of {array.dtype} is no image; give uint8 in 0..255")
    if channels == 1:
        return cv2.cvtColor(
            np.ascontiguousarray(array.reshape(array.shape[:2])), cv2.COLOR_GRAY2BGR
        )
    if channels == 4:
        alpha = array[..., 3:].astype(np.float32) / 255.0
        over_white = array[..., :3] * alpha + 255.0 * (1.0 - alpha)
        return np.rint(over_white).astype(np.uint8)
    return np.ascontiguousarray(array)
