"""What the formats share: clean texts, boxes, angles, and the photo of a result."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from importlib import import_module
from itertools import islice
from pathlib import Path
from types import ModuleType

import numpy as np

from spotter.errors import ConfigError, ImageError
from spotter.geometry.vertex_order import min_area_rect
from spotter.io.documents import read_pages
from spotter.io.images import ImageSource, read_image
from spotter.io.sources import is_url
from spotter.structures import SpottingResult

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""

# What XML 1.0 allows besides tab and line breaks; the rest are controls and lone surrogates.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean_text(text: str | None) -> str:
    """A text on one line that UTF-8 and XML can hold; what they cannot becomes U+FFFD."""
    return " ".join(_NOT_XML.sub("\ufffd", text or "").split())


def clean_name(name: str) -> str:
    """A photo's name on one line that UTF-8 and XML can hold; spaces stay as they are."""
    return re.sub("[\t\n\r]", "\ufffd", _NOT_XML.sub("\ufffd", name))


def readable(results: Iterable[SpottingResult]) -> list[SpottingResult]:
    """The results of photos that could be read."""
    return [result for result in results if result.error is None]


def bounds(polygon: np.ndarray) -> Box:
    """The upright box around the vertices (N, 2)."""
    (left, top), (right, bottom) = polygon.min(axis=0), polygon.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def bounds_of_all(polygons: Iterable[np.ndarray]) -> Box:
    """The upright box around several outlines, at least one."""
    return bounds(np.concatenate(list(polygons)))


def four_corners(polygon: np.ndarray) -> np.ndarray:
    """(4, 2) the outline itself, or the smallest rectangle around it, with the same start."""
    if len(polygon) == 4:
        return np.asarray(polygon, np.float32)
    rectangle = min_area_rect(polygon)
    first = int(np.argmin(np.linalg.norm(rectangle - polygon[0], axis=1)))
    return np.roll(rectangle, -first, axis=0)


def reading_angle(corners: np.ndarray) -> float:
    """Degrees, clockwise from the x axis, in (-180, 180], in which a text of four corners runs."""
    (x0, y0), (x1, y1) = (corners[0] + corners[3]) / 2, (corners[1] + corners[2]) / 2
    angle = math.degrees(math.atan2(y1 - y0, x1 - x0))
    return 180.0 if angle == -180.0 else angle


def number(value: float) -> int | float:
    """A coordinate with at most two decimals, without those that are zero."""
    rounded = round(float(value), 2)
    return int(rounded) if rounded.is_integer() else rounded


def points(polygon: np.ndarray) -> list[list[int | float]]:
    """The vertices as JSON-ready numbers."""
    return [[number(x), number(y)] for x, y in polygon]


def optional_module(name: str, purpose: str, install: str) -> ModuleType:
    """A package that only one format needs.

    Args:
        name: Of the module.
        purpose: What needs it, for the message.
        install: What ``pip install`` is to be given.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        missing = error.name or name
        raise ConfigError(
            f"{purpose} needs {missing}, which is not installed: pip install {install}"
        ) from None


def photo_of(result: SpottingResult, image: ImageSource | None = None) -> np.ndarray:
    """The pixels of a result's photo; results hold none.

    Args:
        result: Of a photo, or of a page of a document.
        image: The photo; ``None``: the file that the result names, which must be readable still.
            Addresses are not fetched again.

    Returns:
        (H, W, 3) uint8 BGR, upright.

    Raises:
        ImageError: There is no such photo, or it has another size than the result says.
    """
    name = result.image
    if image is not None:
        photo = read_image(image)
    elif is_url(name) or not Path(name).is_file():
        raise ImageError(f"{name}: no file to take the picture from; give the photo as image")
    elif result.page is None:
        photo = read_image(name)
    else:
        page = next(islice(read_pages(name), result.page - 1, None), None)
        if page is None or page.image is None:
            raise ImageError(f"{name}: page {result.page} cannot be read")
        photo = page.image
    height, width = photo.shape[:2]
    if result.width and (width, height) != (result.width, result.height):
        raise ImageError(
            f"{name}: the picture has {width} x {height} pixels, the result is of"
            f" {result.width} x {result.height}"
        )
    return photo
