"""One way to read a picture: whatever the file holds comes out as upright uint8 BGR."""

from __future__ import annotations

import os
from typing import IO, Any

import cv2
import numpy as np
from PIL import Image

from spotter.errors import ImageError
from spotter.io.formats import IMAGE_SUFFIXES, open_image
from spotter.io.names import one_line
from spotter.io.pixels import SWAPPING_ORIENTATIONS, array_to_bgr, pil_to_bgr, turn_upright
from spotter.io.sources import DEFAULT_LIMITS, ReadLimits, is_tensor, open_source

__all__ = ["IMAGE_SUFFIXES", "ImageSource", "encode_jpeg", "fit_jpeg", "image_size", "read_image"]

_ORIENTATION_TAG = 0x0112

JPEG_SIDE = 65_500
"""The longest side of a JPEG, in pixels, that its coder takes."""

ImageSource = (
    str | os.PathLike | bytes | bytearray | memoryview | IO[bytes] | Image.Image | np.ndarray
)
"""What :func:`read_image` takes; besides, a ``torch.Tensor``."""


def read_image(source: ImageSource, limits: ReadLimits = DEFAULT_LIMITS) -> np.ndarray:
    """Read an image as uint8 BGR, turned upright.

    EXIF orientation is applied; damaged EXIF counts as none. Grey, palette and CMYK become colour,
    16-bit samples are scaled to 8 bits, and transparency is laid over white, or over black or grey
    where the visible pixels would be lost on white. Of a file with several pages or frames the
    first is read (:func:`spotter.io.documents.read_pages` gives all). At no time more than 4 bytes
    per pixel and channel are held.

    Args:
        source: A path, an http(s) address, the bytes of an encoded file, a file object open for
            bytes, a PIL image; an array: uint8, uint16 or bool of shape (H, W), (H, W, 1),
            (H, W, 3) BGR or (H, W, 4) BGRA; or a ``torch.Tensor`` (3, H, W), (1, H, W) or (H, W),
            RGB as torchvision gives it, uint8 or floating point in 0..1.
        limits: How large a picture may be.

    Returns:
        (H, W, 3) uint8 BGR, C-contiguous. An array that has this form already is not copied.

    Raises:
        ImageError: The file does not exist, is no image of an allowed format, is truncated or too
            large, or the source has another shape or type. One line.
    """
    if isinstance(source, np.ndarray):
        return array_to_bgr(source)
    if is_tensor(source):
        return array_to_bgr(_tensor_to_array(source))
    if isinstance(source, Image.Image):
        return decode(source, getattr(source, "filename", "") or "image", limits)
    stream, name = open_source(source, limits)
    with stream, open_image(stream, name) as image:
        return decode(image, name, limits)


def image_size(source: ImageSource, limits: ReadLimits = DEFAULT_LIMITS) -> tuple[int, int]:
    """Width and height in pixels of the upright image (EXIF applied), without decoding it.

    Raises:
        ImageError: The file does not exist or is no image of an allowed format.
    """
    if isinstance(source, np.ndarray):
        return source.shape[1], source.shape[0]
    if isinstance(source, Image.Image):
        return _upright_size(source)
    if is_tensor(source):
        height, width = _tensor_to_array(source).shape[:2]
        return width, height
    stream, name = open_source(source, limits)
    with stream, open_image(stream, name) as image:
        return _upright_size(image)


def encode_jpeg(image: np.ndarray, quality: int) -> bytes:
    """The bytes of a JPEG file.

    Args:
        image: (H, W) or (H, W, 3) uint8 BGR.
        quality: 0 to 100.

    Raises:
        ImageError: It cannot be coded, such as one with a side above :data:`JPEG_SIDE`.
    """
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ImageError(f"an image of shape {image.shape} cannot be coded as JPEG")
    return data.tobytes()


def fit_jpeg(image: np.ndarray) -> np.ndarray:
    """An image as large as :func:`encode_jpeg` takes it: reduced where a side is too long.

    Args:
        image: (H, W) or (H, W, 3) uint8.

    Returns:
        The image itself, or a smaller one of the same proportions.
    """
    height, width = image.shape[:2]
    factor = JPEG_SIDE / max(height, width)
    if factor >= 1:
        return image
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def decode(image: Image.Image, name: str, limits: ReadLimits = DEFAULT_LIMITS) -> np.ndarray:
    """(H, W, 3) uint8 BGR, upright, of an opened PIL image (of several frames, the current one).

    Args:
        image: Of any mode, decoded or not.
        name: For messages.
        limits: Of its pixels.

    Raises:
        ImageError: Truncated, damaged, too large, or more than the memory holds.
    """
    if image.format in ("EPS", "WMF"):
        raise ImageError(f"{name}: {image.format} is not decoded, as that runs other programs")
    limits.check_size(*image.size, name)
    try:
        image.load()
        # A header may promise less than the data holds.
        limits.check_size(*image.size, name)
        # Asked for after decoding: TIFF files are turned by Pillow, and say so by then.
        orientation = _orientation(image)
        pixels = pil_to_bgr(image)
        return turn_upright(pixels, orientation)
    except MemoryError:
        raise ImageError(f"{name}: there is not enough memory for its pixels") from None
    except ImageError as error:
        message = str(error)
        raise ImageError(message if message.startswith(name) else f"{name}: {message}") from None
    except Exception as error:
        # Pillow's decoders document no set of errors for damaged data.
        raise ImageError(f"{name}: truncated or damaged ({one_line(error)})") from None


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:
        # A damaged EXIF block says nothing about the pixels.
        return 1


def _upright_size(image: Image.Image) -> tuple[int, int]:
    width, height = image.size
    if image.format != "TIFF" and _orientation(image) in SWAPPING_ORIENTATIONS:
        return height, width
    return width, height


def _tensor_to_array(tensor: Any) -> np.ndarray:
    """BGR(A) or grey array of a tensor (C, H, W) or (H, W)."""
    shape = tuple(tensor.shape)
    if len(shape) not in (2, 3) or (len(shape) == 3 and shape[0] not in (1, 3, 4)) or 0 in shape:
        raise ImageError(
            f"tensor of shape {shape} is no image; give one (3, H, W), (1, H, W) or (H, W)"
        )
    floating = tensor.dtype.is_floating_point
    if not floating and str(tensor.dtype) not in ("torch.uint8", "torch.bool"):
        raise ImageError(f"tensor of {tensor.dtype} is no image; give uint8, or floats in 0..1")
    try:
        array = tensor.detach().cpu().float().numpy() if floating else tensor.cpu().numpy()
    except (RuntimeError, TypeError, NotImplementedError) as error:
        raise ImageError(f"tensor cannot become an array ({one_line(error)})") from None
    if floating:
        low, high = float(array.min()), float(array.max())
        if not (low >= 0.0 and high <= 1.0):
            raise ImageError(f"tensor of floats from {low:g} to {high:g}; give values in 0..1")
        array = np.rint(array * np.float32(255)).astype(np.uint8)
    if array.ndim == 2:
        return array
    channels = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[array.shape[0]]
    return np.ascontiguousarray(array[channels].transpose(1, 2, 0))
