"""Drawn words that get harder to read by one factor at a time."""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from spotter.synthesis.fonts import FontBank, bundled_fonts
from spotter.synthesis.layout import Arc, set_text
from spotter.synthesis.text import WORDLIST

_SIZE = 64
"""Pixels per em at which words are set, before they are brought to their height."""

_INK, _GROUND = 40.0, 210.0


@dataclass(frozen=True)
class Drawing:
    """How a word is drawn; the defaults are easy to read.

    Attributes:
        height: Of the crop's text in pixels.
        blur: Standard deviation of a Gaussian blur, as a share of the height.
        contrast: Of ink and ground, as a share of the full one.
        noise: Standard deviation of the sensor's noise, in grey levels of 255.
        tilt: Degrees by which the text is turned in its crop.
        shear: Tangent of the angle by which its strokes lean.
        arc: Radians of the circle along which it is bent.
        spacing: Extra distance between the characters, in em.
        width: Of the text, as a share of its natural width: condensed below 1.
        vertical: Upright characters from top to bottom.
    """

    height: float = 32.0
    blur: float = 0.0
    contrast: float = 1.0
    noise: float = 0.0
    tilt: float = 0.0
    shear: float = 0.0
    arc: float = 0.0
    spacing: float = 0.0
    width: float = 1.0
    vertical: bool = False


@dataclass(frozen=True)
class Level:
    """One step of a factor by which words get harder to read.

    Attributes:
        title: As in the table.
        drawing: How its words are drawn.
        kind: Their text: ``"words"``, ``"letters"`` or ``"digits"`` in random order.
        length: Number of characters of random ones; words keep theirs.
    """

    title: str
    drawing: Drawing
    kind: str = "words"
    length: int = 6


def _steps(name: str, values: Sequence[float]) -> list[Level]:
    """Levels that differ in one number of their drawing."""
    changes: list[dict[str, Any]] = [{name: value} for value in values]
    return [Level(f"{change[name]:g}", Drawing(**change)) for change in changes]


FACTORS: dict[str, list[Level]] = {
    "height, px": _steps("height", (32, 12, 8, 6, 5, 4)),
    "blur, share of the height": _steps("blur", (0, 0.05, 0.1, 0.15, 0.2, 0.25)),
    "contrast, noise 4": [
        Level(f"{value:g}", Drawing(contrast=value, noise=4.0))
        for value in (1, 0.25, 0.1, 0.06, 0.04, 0.02)
    ],
    "noise, grey levels": _steps("noise", (0, 50, 100, 150, 200, 250)),
    "tilt, degrees": _steps("tilt", (0, 10, 20, 30, 40, 50)),
    "lean, tangent": _steps("shear", (0, 0.25, 0.5, 0.75, 1.0, 1.5)),
    "curve, radians": _steps("arc", (0, 0.5, 1.0, 1.5, 2.0, 2.5)),
    "spacing, em": _steps("spacing", (0, -0.1, -0.15, 0.5, 1.0, 2.0)),
    "vertical text, upright characters": [
        Level("no", Drawing()),
        Level("yes", Drawing(vertical=True)),
    ],
    "random letters, length": [
        Level(str(length), Drawing(), "letters", length) for length in (1, 2, 4, 8, 12, 16)
    ],
    "8 random letters condensed, share of the width": [
        Level(f"{share:g}", Drawing(width=share), "letters", 8)
        for share in (1, 0.7, 0.5, 0.4, 0.3, 0.2)
    ],
    "digits, length": [
        Level(str(length), Drawing(), "digits", length) for length in (1, 2, 4, 8, 12, 16)
    ],
}
"""Factors by which words get harder to read, each from easy to hard."""


class WordDrawer:
    """Draws words under controlled conditions.

    Args:
        fonts: Font files or folders; ``None``: the plain faces that come with matplotlib.
    """

    def __init__(self, fonts: Sequence[str] | None = None) -> None:
        self.fonts = FontBank(fonts or bundled_fonts() or None)
        self._words = [w for w in WORDLIST.read_text(encoding="utf-8").split() if w.isalpha()]

    def text(self, rng: np.random.Generator, level: Level) -> str:
        """Text of one sample of a level; letters in upper, lower or title case."""
        if level.kind == "digits":
            return "".join(rng.choice(list(string.digits), level.length))
        if level.kind == "words":
            word = self._words[int(rng.integers(len(self._words)))]
        else:
            word = "".join(rng.choice(list(string.ascii_lowercase), level.length))
        return (word.upper(), word.lower(), word.capitalize())[int(rng.integers(3))]

    def draw(self, rng: np.random.Generator, text: str, drawing: Drawing) -> np.ndarray:
        """(h, w, 3) uint8 BGR crop, with a margin of a fifth of the text's height."""
        font = self.fonts.choose(rng, text)
        ink = set_text(self.fonts, font, text, _SIZE, drawing.spacing, drawing.vertical).alpha
        unit = ink.shape[0] / (len(text) if drawing.vertical else 1)
        if drawing.arc:
            ink = Arc(ink.shape[1], ink.shape[0], drawing.arc * _sign(rng)).mask(ink)
        if drawing.tilt or drawing.shear:
            ink = _turned(ink, drawing.tilt * _sign(rng), drawing.shear * _sign(rng))
        ink = np.pad(ink, round(0.2 * unit))
        scale = drawing.height / unit
        width = round(ink.shape[1] * scale * drawing.width)
        size = (max(2, width), max(2, round(ink.shape[0] * scale)))
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        cover: np.ndarray = cv2.resize(ink, size, interpolation=method).astype(np.float32) / 255
        # A photo has blurred before the sensor has added its noise.
        if drawing.blur:
            cover = cv2.GaussianBlur(cover, (0, 0), drawing.blur * drawing.height)
        middle, reach = (_INK + _GROUND) / 2, (_GROUND - _INK) / 2 * drawing.contrast
        grey = middle + _sign(rng) * reach * (1 - 2 * cover)
        image = np.repeat(grey[..., None], 3, axis=-1)
        image += rng.normal(0.0, drawing.noise, image.shape)
        return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def _sign(rng: np.random.Generator) -> float:
    return 1.0 if rng.random() < 0.5 else -1.0


def _turned(ink: np.ndarray, degrees: float, shear: float) -> np.ndarray:
    """Ink leaned and turned about its middle, on a canvas that holds all of it."""
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn @ np.array([[1.0, -shear], [0.0, 1.0]])
    height, width = ink.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], float) @ matrix.T
    low, high = np.floor(corners.min(axis=0)), np.ceil(corners.max(axis=0))
    warp = np.column_stack([matrix, -low])
    return cv2.warpAffine(ink, warp, tuple((high - low).astype(int).tolist()))
