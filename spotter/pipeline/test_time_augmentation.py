"""Further looks at words that were not read with certainty: cut or developed in other ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import cv2
import numpy as np

from spotter.errors import ConfigError
from spotter.geometry import grow_quad

_REACH = 0.3
_EXTREMES = (2, 98)
# Where there is next to nothing to see, noise is not blown up to letters.
_LEAST_RANGE = 8.0


@dataclass(frozen=True)
class Look:
    """How a further look at a word differs from the first one.

    Attributes:
        margin: Share of the word's height by which the cut grows on every side; below 0: shrinks.
            Strips, which follow curved words, keep their cut.
        lengthen: The same share, by which it grows beyond that at both ends of the word, of which
            a detector may have cut off a letter.
        stretch: Factor of the width at which the recognizer is shown the word.
        tilt: Degrees by which the cut is turned clockwise about its middle.
        contrast: Grey levels are stretched, so that the darkest and the lightest fiftieth of all
            are black and white.
        negative: Light and dark change places.
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
        """(N, 2) what is cut out instead of ``cut`` (``Direction.cut``)."""
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
        """(H, W, 3) uint8 what is shown instead of a crop."""
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
class SecondLook:
    """When and how to look again at a word; the most confident reading counts.

    Attributes:
        below: Words whose score, before calibration, is lower are looked at again.
        looks: The further looks.
        clearest: Of all looks, the first one included, so many that were seen best count, and only
            they are read with language, which takes more time than seeing; ``None``: all. Looks
            that were seen as another one count once.
    """

    below: float
    looks: tuple[Look, ...]
    clearest: int | None = None

    @classmethod
    def from_settings(cls, settings: Any, origin: str) -> SecondLook:
        """From ``{"below": 0.7, "looks": [{"stretch": 1.25}, {"tilt": 3}]}``.

        There may be ``"clearest": 2``, too.

        Args:
            settings: Such a mapping.
            origin: What an error names.

        Raises:
            ConfigError: It is another thing.
        """
        known = {field.name for field in fields(Look)}
        fits = isinstance(settings, Mapping) and {"below", "looks"} <= set(settings)
        fits = fits and set(settings) <= {"below", "looks", "clearest"}
        looks = settings["looks"] if fits else None
        if not isinstance(looks, Sequence) or not all(
            isinstance(look, Mapping) and set(look) <= known for look in looks
        ):
            raise ConfigError(
                f"{origin}: a second look has 'below' and 'looks', each of"
                f" {', '.join(sorted(known))}, and perhaps 'clearest'"
            )
        numbers = [settings["below"], *(value for look in looks for value in look.values())]
        if not all(isinstance(value, int | float) for value in numbers):
            raise ConfigError(f"{origin}: the values of a second look are numbers")
        found = tuple(Look(**look) for look in looks)
        if not all(look.stretch > 0 and look.coarser >= 1 for look in found):
            raise ConfigError(
                f"{origin}: the stretch of a second look is above 0, 'coarser' at least 1"
            )
        clearest = settings.get("clearest")
        if clearest is not None and not (isinstance(clearest, int) and clearest > 0):
            raise ConfigError(f"{origin}: 'clearest' of a second look is a number above 0")
        return cls(float(settings["below"]), found, clearest)

    def to_dict(self) -> dict[str, Any]:
        """What :meth:`from_settings` takes; values that change nothing are left out."""
        plain = Look()
        looks = [
            {
                field.name: getattr(look, field.name)
                for field in fields(Look)
                if getattr(look, field.name) != getattr(plain, field.name)
            }
            for look in self.looks
        ]
        clearest = {} if self.clearest is None else {"clearest": self.clearest}
        return {"below": self.below, "looks": looks, **clearest}


def surroundings(img: np.ndarray, cut: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A copy of the part of a photo that looks at a word can reach, and the cut in it.

    It is kept instead of the photo, which may be far larger.

    Args:
        img: (H, W, 3) uint8.
        cut: (N, 2) in pixels of ``img``, see ``Direction.cut``.

    Returns:
        (h, w, 3) uint8, and (N, 2) the cut in pixels of it.
    """
    low, high = cut.min(axis=0), cut.max(axis=0)
    reach = _REACH * float(np.min(high - low)) + 0.05 * float(np.max(high - low)) + 4.0
    height, width = img.shape[:2]
    x1, y1 = np.clip(np.floor(low - reach), 0, (max(width - 1, 0), max(height - 1, 0))).astype(int)
    x2, y2 = np.ceil(high + reach).astype(int)
    part = img[y1 : max(min(y2, height), y1 + 1), x1 : max(min(x2, width), x1 + 1)]
    return part.copy(), cut - np.array([x1, y1], np.float32)
