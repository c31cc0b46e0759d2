"""Test-time augmentation: words with a low score are read again in further views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import cv2
import numpy as np

from spotter.errors import ConfigError
from spotter.geometry import grow_quad
from spotter.structures import word_score

_REACH = 0.3
_EXTREMES = (2, 98)
# Where there is next to nothing to see, noise is not blown up to letters.
_LEAST_RANGE = 8.0
# By how many times further views raise a score at most.
_LIFT = 5.0


@dataclass(frozen=True)
class View:
    """How a further view of a word differs from the first one.

    Attributes:
        margin: Share of the word's height by which the crop is extended on every side; a negative
            one shrinks it. Crops of curved words are not changed.
        lengthen: Share of the word's height by which the crop is also extended at both ends of the
            word, where a detector may have cut off a letter.
        stretch: Factor by which the crop is widened.
        tilt: Degrees by which the crop is turned clockwise about its centre.
        contrast: Stretch the grey levels, so that the darkest 2 % are black and the lightest 2 %
            are white.
        negative: Invert the grey levels.
        coarser: Factor by which the crop is reduced and enlarged again, which smooths it.
    """

    margin: float = 0.0
    lengthen: float = 0.0
    stretch: float = 1.0
    tilt: float = 0.0
    contrast: bool = False
    negative: bool = False
    coarser: float = 1.0

    def cut(self, cut: np.ndarray) -> np.ndarray:
        """The region (N, 2) that this view cuts out instead of ``cut`` (``Direction.cut``)."""
        points = np.asarray(cut, np.float32)
        if len(points) == 4:
            points = grow_quad(points, self.margin, self.margin + self.lengthen)
        if self.tilt:
            angle = np.deg2rad(self.tilt)
            turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
            middle = points.mean(axis=0)
            points = ((points - middle) @ turn.T + middle).astype(np.float32)
        return points

    def develop(self, crop: np.ndarray) -> np.ndarray:
        """The pixels (H, W, 3) uint8 that this view shows instead of a crop's."""
        if self.contrast:
            low, high = np.percentile(crop, _EXTREMES)
            levels = (np.arange(256) - low) * 255.0 / max(high - low, _LEAST_RANGE)
            crop = np.clip(levels, 0, 255).astype(np.uint8)[crop]
        if self.negative:
            crop = 255 - crop
        if self.coarser != 1.0:
            height, width = crop.shape[:2]
            small = (max(1, round(width / self.coarser)), max(1, round(height / self.coarser)))
            reduced = cv2.resize(crop, small, interpolation=cv2.INTER_AREA)
            crop = cv2.resize(reduced, (width, height), interpolation=cv2.INTER_LINEAR)
        return crop


@dataclass(frozen=True)
class TestTimeAugmentation:
    """Which words are read again and in which views; the reading with the highest score is kept.

    Attributes:
        below: Words with a lower score, before calibration, are read again.
        views: The further views.
        top_k: Keep the k views with the highest greedy score, the first view included. Only these
            are decoded with the language model, which takes more time than the network. Views with
            the same greedy reading count once. ``None``: all.
    """

    # pytest takes classes of this name for tests.
    __test__ = False

    below: float
    views: tuple[View, ...]
    top_k: int | None = None

    def views_from(self, detection_score: float, min_score: float) -> float:
        """Least score of a found word's first view for which further views can pay.

        Words that are dropped whatever the views say are not worth them: those that would have to
        score :attr:`below` or more, and those of which the first view shows next to nothing.

        Args:
            detection_score: Of the word.
            min_score: Words whose score (:func:`spotter.structures.word_score`) is lower are
                dropped.

        Returns:
            A score before calibration; above 1 where no views pay.
        """
        if word_score(detection_score, self.below) < min_score:
            return 2.0
        return min_score / max(word_score(detection_score, 1.0), min_score, 1e-9) / _LIFT

    @classmethod
    def from_settings(cls, settings: Any, origin: str) -> TestTimeAugmentation:
        """From ``{"below": 0.7, "views": [{"stretch": 1.25}, {"tilt": 3}]}``.

        There may be ``"top_k": 2``, too.

        Args:
            settings: Such a mapping.
            origin: What an error names.

        Raises:
            ConfigError: ``settings`` has another form.
        """
        known = {field.name for field in fields(View)}
        fits = isinstance(settings, Mapping) and {"below", "views"} <= set(settings)
        fits = fits and set(settings) <= {"below", "views", "top_k"}
        views = settings["views"] if fits else None
        if not isinstance(views, Sequence) or not all(
            isinstance(view, Mapping) and set(view) <= known for view in views
        ):
            raise ConfigError(
                f"{origin}: test-time augmentation has 'below' and 'views', each of"
                f" {', '.join(sorted(known))}, and perhaps 'top_k'"
            )
        numbers = [settings["below"], *(value for view in views for value in view.values())]
        if not all(isinstance(value, int | float) for value in numbers):
            raise ConfigError(f"{origin}: the values of test-time augmentation are numbers")
        found = tuple(View(**view) for view in views)
        if not all(view.stretch > 0 and view.coarser >= 1 for view in found):
            raise ConfigError(
                f"{origin}: in test-time augmentation, stretch is above 0 and coarser at least 1"
            )
        top_k = settings.get("top_k")
        if top_k is not None and not (isinstance(top_k, int) and top_k > 0):
            raise ConfigError(f"{origin}: 'top_k' of test-time augmentation is a number above 0")
        return cls(float(settings["below"]), found, top_k)

    def to_dict(self) -> dict[str, Any]:
        """What :meth:`from_settings` takes; values that change nothing are left out."""
        plain = View()
        views = [
            {
                field.name: getattr(view, field.name)
                for field in fields(View)
                if getattr(view, field.name) != getattr(plain, field.name)
            }
            for view in self.views
        ]
        top_k = {} if self.top_k is None else {"top_k": self.top_k}
        return {"below": self.below, "views": views, **top_k}


def surroundings(img: np.ndarray, cut: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Copy the part of a photo that the views of a word can show.

    It is kept instead of the photo, which may be far larger.

    Args:
        img: (H, W, 3) uint8.
        cut: (N, 2) in pixels of ``img``, see ``Direction.cut``.

    Returns:
        The part (h, w, 3) uint8, and ``cut`` (N, 2) in pixels of the part.
    """
    low, high = cut.min(axis=0), cut.max(axis=0)
    reach = _REACH * float(np.min(high - low)) + 0.05 * float(np.max(high - low)) + 4.0
    height, width = img.shape[:2]
    x1, y1 = np.clip(np.floor(low - reach), 0, (max(width - 1, 0), max(height - 1, 0))).astype(int)
    x2, y2 = np.ceil(high + reach).astype(int)
    part = img[y1 : max(min(y2, height), y1 + 1), x1 : max(min(x2, width), x1 + 1)]
    return part.copy(), cut - np.array([x1, y1], np.float32)
