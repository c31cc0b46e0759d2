"""What a case looks like: the word's surroundings, with the outlines that matter."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from spotter.data.transforms.loading import load_pixels
from spotter.error_analysis.cases import WordCase
from spotter.error_analysis.web_page import Outline, picture
from spotter.errors import SpotterError
from spotter.io.images import image_size

_SURROUNDINGS = 0.6
_LEAST_SURROUNDINGS = 12
_MAX_SIDE = 420
_QUALITY = 78


class Pictures:
    """Images of canonical samples, by the names that cases have.

    Args:
        samples: Samples by name.
    """

    def __init__(self, samples: Mapping[str, Mapping[str, Any]]) -> None:
        self._samples = samples
        # The cases of a photo follow each other.
        self._load = lru_cache(maxsize=1)(self._decode)

    def read(self, name: str) -> np.ndarray | None:
        """(H, W, 3) uint8 BGR, or ``None`` if there is no such image, or none that can be read."""
        try:
            return self._load(name) if name in self._samples else None
        except SpotterError:
            return None

    def size(self, name: str) -> tuple[int, int] | None:
        """(width, height), or ``None`` as in :meth:`read`."""
        sample = self._samples.get(name, {})
        if "img_path" not in sample:
            image = self.read(name)
            return None if image is None else (image.shape[1], image.shape[0])
        try:
            return image_size(sample["img_path"])
        except SpotterError:
            return None

    def _decode(self, name: str) -> np.ndarray:
        return load_pixels(dict(self._samples[name]))


def case_picture(case: WordCase, image: np.ndarray) -> str:
    """A case as ``<svg>``.

    Args:
        case: Its outlines are in pixels of the image; without any the whole image is the word.
        image: (H, W, 3) uint8 BGR.
    """
    label = f"{case.kind} {case.true or case.read or ''}".strip()
    outlines = [Outline(polygon, "predicted", case.read or "") for polygon in case.predicted]
    if case.outline is not None:
        outlines.insert(0, Outline(case.outline, "true", case.true or ""))
    if not outlines:
        return picture(image, max_side=_MAX_SIDE, label=label, quality=_QUALITY)
    points = np.concatenate([outline.polygon for outline in outlines])
    left, top, right, bottom = _window(points, image.shape[1], image.shape[0], case)
    shifted = [
        Outline(outline.polygon - (left, top), outline.kind, outline.title) for outline in outlines
    ]
    return picture(image[top:bottom, left:right], shifted, _MAX_SIDE, label, _QUALITY)


def _window(
    points: np.ndarray, width: int, height: int, case: WordCase
) -> tuple[int, int, int, int]:
    """Bounding box of some points and a bit around it, inside the image, at least one pixel."""
    word = case.size[1] if case.size is not None else _LEAST_SURROUNDINGS
    margin = max(_LEAST_SURROUNDINGS, round(_SURROUNDINGS * word))
    low = np.clip(np.floor(points.min(axis=0)).astype(int) - margin, 0, (width - 1, height - 1))
    high = np.minimum(np.ceil(points.max(axis=0)).astype(int) + margin, (width, height))
    right, bottom = np.maximum(high, low + 1)
    return int(low[0]), int(low[1]), int(right), int(bottom)
