"""Decoded pixels of any kind to uint8 BGR, a strip of rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np
from PIL import Image

from spotter.errors import ImageError

_STRIP_PIXELS = 1 << 20
_ALPHA_MODES = ("RGBA", "LA", "La", "RGBa", "PA")

# Backgrounds for transparent pictures in order of preference: a darker one is taken only where the
# ink is hard to see on white. A tenth of the ink may be less clear than the contrast that is asked.
_BACKGROUNDS = (255, 0, 128)
_ENOUGH_CONTRAST = 64
_UNCLEAR_SHARE = 0.1

Turn = Callable[[np.ndarray], np.ndarray]

# How stored pixels become upright, by the values of the EXIF tag Orientation.
_TURNS: dict[int, Turn] = {
    2: lambda image: cv2.flip(image, 1),
    3: lambda image: cv2.rotate(image, cv2.ROTATE_180),
    4: lambda image: cv2.flip(image, 0),
    5: cv2.transpose,
    6: lambda image: cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE),
    7: lambda image: cv2.rotate(cv2.transpose(image), cv2.ROTATE_180),
    8: lambda image: cv2.rotate(image, cv2.ROTATE_90_COUNTERCLOCKWISE),
}

SWAPPING_ORIENTATIONS = (5, 6, 7, 8)
"""EXIF orientations whose stored width is the upright height."""


def turn_upright(image: np.ndarray, orientation: int) -> np.ndarray:
    """(H, W, 3) uint8 of stored pixels, as EXIF ``orientation`` 1..8 says that they are seen.

    Other values say nothing and change nothing.
    """
    turn = _TURNS.get(orientation)
    return image if turn is None else turn(image)


def pil_to_bgr(image: Image.Image) -> np.ndarray:
    """(H, W, 3) uint8 BGR of a decoded PIL image of any mode, as stored.

    Beside Pillow's own pixels and the result only a strip is in memory.

    Raises:
        ImageError: A mode that cannot become colour.
    """
    if image.mode == "F" or image.mode.startswith("I"):
        return _wide_to_bgr(image)
    if image.mode in _ALPHA_MODES or "transparency" in image.info:
        straight = {"La": "LA", "RGBa": "RGBA"}.get(image.mode, image.mode)
        return _lay_on_background(
            image.height,
            image.width,
            lambda top, bottom: _strip(image, top, bottom, straight, "RGBA")[..., [2, 1, 0, 3]],
        )
    result: np.ndarray = np.empty((image.height, image.width, 3), np.uint8)
    for top, bottom in _strips(image.height, image.width):
        rgb = _strip(image, top, bottom, "RGB")
        result[top:bottom] = rgb[..., ::-1]
    return result


def array_to_bgr(array: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 BGR, C-contiguous, of an array; not copied where it has this form.

    Args:
        array: uint8, uint16 or bool of shape (H, W), (H, W, 1), (H, W, 3) BGR or (H, W, 4) BGRA.

    Raises:
        ImageError: Another shape or type.
    """
    channels = 1 if array.ndim == 2 else array.shape[2] if array.ndim == 3 else 0
    if channels not in (1, 3, 4) or array.size == 0:
        raise ImageError(
            f"array of shape {array.shape} is no image; give (H, W), (H, W, 3) or (H, W, 4)"
        )
    if array.dtype not in (np.uint8, np.uint16, np.bool_):
        raise ImageError(f"array of {array.dtype} is no image; give uint8 in 0..255")
    height, width = array.shape[:2]
    if array.dtype == np.uint8 and channels == 3:
        return np.ascontiguousarray(array)
    if channels == 4:
        return _lay_on_background(height, width, lambda top, end: _to_uint8(array[top:end]))
    result: np.ndarray = np.empty((height, width, 3), np.uint8)
    for top, bottom in _strips(height, width):
        # A single channel is broadcast over the three.
        result[top:bottom] = _to_uint8(array[top:bottom]).reshape(bottom - top, width, channels)
    return result


def _to_uint8(array: np.ndarray) -> np.ndarray:
    if array.dtype == np.uint16:
        return np.rint(array / np.float32(257.0)).astype(np.uint8)
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    return array


def _strips(height: int, width: int) -> Iterator[tuple[int, int]]:
    rows = max(1, _STRIP_PIXELS // width)
    for top in range(0, height, rows):
        yield top, min(height, top + rows)


def _strip(image: Image.Image, top: int, bottom: int, *modes: str) -> np.ndarray:
    """Rows of an image as an array, converted to one mode after the other."""
    part = image.crop((0, top, image.width, bottom))
    try:
        for mode in modes:
            part = part if part.mode == mode else part.convert(mode)
    except ValueError:
        raise ImageError(f"pixels of mode {image.mode} cannot become colour") from None
    return np.asarray(part)


def _wide_to_bgr(image: Image.Image) -> np.ndarray:
    """Grey of more than 8 bits: a full 16-bit range, unless the values say otherwise."""
    height, width = image.height, image.width
    scale = _wide_scale(image)
    result: np.ndarray = np.empty((height, width, 3), np.uint8)
    for top, bottom in _strips(height, width):
        values = np.asarray(image.crop((0, top, width, bottom)), np.float64)
        values = np.nan_to_num(values, posinf=255.0 / scale, neginf=0.0)
        grey = np.clip(np.rint(values * scale), 0, 255).astype(np.uint8)
        result[top:bottom] = grey[..., None]
    return result


def _wide_scale(image: Image.Image) -> float:
    if image.mode.startswith("I;16"):
        return 1 / 257.0
    top = 0.0
    for start, bottom in _strips(image.height, image.width):
        strip = np.asarray(image.crop((0, start, image.width, bottom)), np.float64)
        top = max(top, float(strip.max(initial=0.0, where=np.isfinite(strip))))
    if image.mode == "F" and top <= 1.0:
        return 255.0
    if top <= 255.0:
        return 1.0
    return 1 / 257.0 if top <= 65535.0 else 255.0 / top


def _lay_on_background(
    height: int, width: int, strip: Callable[[int, int], np.ndarray]
) -> np.ndarray:
    """(H, W, 3) uint8 BGR of transparent pixels on the background that shows them.

    Args:
        height: Rows.
        width: Columns.
        strip: Rows ``top`` to ``bottom`` as (h, W, 4) uint8 BGRA.
    """
    ink: np.ndarray = np.zeros(256, np.float64)
    for top, bottom in _strips(height, width):
        pixels = np.ascontiguousarray(strip(top, bottom))
        grey = cv2.cvtColor(pixels, cv2.COLOR_BGRA2GRAY)
        ink += np.bincount(grey.ravel(), weights=pixels[..., 3].ravel(), minlength=256)
    background = choose_background(ink)
    result: np.ndarray = np.empty((height, width, 3), np.uint8)
    for top, bottom in _strips(height, width):
        pixels = strip(top, bottom)
        alpha: np.ndarray = pixels[..., 3:].astype(np.uint16)
        # In whole numbers: c a + b (255 - a) is at most 255 * 255, which uint16 holds.
        mixed = pixels[..., :3] * alpha + np.uint16(background) * (255 - alpha)
        result[top:bottom] = (mixed + np.uint16(127)) // np.uint16(255)
    return result


def choose_background(ink: np.ndarray) -> int:
    """The grey level on which the visible pixels of a transparent picture stand out.

    White, if nine tenths of them differ from it by a quarter of the range; else whichever of
    white, black and middle grey nine tenths of them differ most from.

    Args:
        ink: (256,) how much is visible of each grey level: the sum of alpha.
    """
    if not ink.sum():
        return _BACKGROUNDS[0]
    contrasts = [_clear_contrast(ink, background) for background in _BACKGROUNDS]
    if contrasts[0] >= _ENOUGH_CONTRAST:
        return _BACKGROUNDS[0]
    return _BACKGROUNDS[int(np.argmax(contrasts))]


def _clear_contrast(ink: np.ndarray, background: int) -> int:
    """The contrast to a background that all ink has but the least clear tenth."""
    by_contrast = np.bincount(np.abs(np.arange(256) - background), weights=ink, minlength=256)
    return int(np.searchsorted(np.cumsum(by_contrast), _UNCLEAR_SHARE * ink.sum(), side="right"))
