"""Synthetic word crops like those that a detector cuts out of a photo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from spotter.errors import ConfigError
from spotter.synthesis.backgrounds import BackgroundBank
from spotter.synthesis.colors import contrasting, lower_contrast, luma, paint
from spotter.synthesis.degradations import degrade
from spotter.synthesis.effects import blend, grow, needed_contrast, paint_text, readable, thin
from spotter.synthesis.fonts import FontBank
from spotter.synthesis.layout import Arc, TextMask, paste, see_mask, set_text

_LARGEST = 640
_TEXTS_TRIED = 20
FINE = 44  # pixels; higher text is set at 96 pixels per em instead of 48


class TextSampler(Protocol):
    """What words say, such as a :class:`spotter.synthesis.text.TextSource`."""

    def sample(self, rng: np.random.Generator) -> str:
        """One text, by the randomness of ``rng`` alone."""


@dataclass
class Setting:
    """A word on its canvas, with what stands around it.

    Attributes:
        word: (H, W) uint8 ink of the labelled word.
        clutter: (H, W) uint8 ink of its neighbours.
        quad: (4, 2) float32 corners of the word on the canvas.
        unit: Height of one line of the text, in canvas pixels.
    """

    word: np.ndarray
    clutter: np.ndarray
    quad: np.ndarray
    unit: float


class WordSynthesizer:
    """Draws word crops, each from its own seed.

    Args:
        fonts: Fonts to draw with.
        text_source: What the words say.
        backgrounds: Photos or folders of them; ``None`` paints surfaces.
        seed: Sample ``index`` depends on (seed, index) and on nothing else.
    """

    def __init__(
        self,
        fonts: FontBank,
        text_source: TextSampler,
        backgrounds: Sequence[str] | None = None,
        seed: int = 0,
    ) -> None:
        self.fonts = fonts
        self.text_source = text_source
        self.backgrounds = BackgroundBank(backgrounds)
        self.seed = seed

    def sample(self, index: int) -> tuple[np.ndarray, str]:
        """One crop and its label.

        Args:
            index: Number of the sample, at least 0.

        Returns:
            (h, w, 3) uint8 BGR and the text.
        """
        rng = np.random.default_rng([self.seed, index])
        drawn, font = drawable(rng, self.fonts, lambda: self.text_source.sample(rng))
        height = float(np.clip(np.exp(rng.normal(3.15, 0.5)), 9.0, 60.0))
        size = 48 if height < FINE else 96
        setting = self._set(rng, font, drawn, size)
        word, clutter, unit = project(rng, setting, height)
        for _ in range(3):
            ground = self.ground(rng, word.shape)
            image = self.photograph(rng, self._paint(rng, ground, word, clutter, unit), unit)
            if readable(image, word, 13.0):
                break
        return image, self.fonts.spelled(font, drawn)

    def _set(self, rng: np.random.Generator, font: int, text: str, size: int) -> Setting:
        """Set the word and, now and then, its neighbours on one canvas."""
        spacing = rng.normal(0.0, 0.03) if rng.random() < 0.7 else 0.25 * rng.random() ** 2
        mask = set_text(self.fonts, font, text, size, spacing)
        unit = max(float(mask.alpha.shape[0]), 0.45 * size)
        if rng.random() < 0.08 and mask.alpha.shape[1] > 1.5 * unit:
            angle = float(np.clip(rng.normal(0, 0.55), -1.5, 1.5))
            tall, wide = mask.alpha.shape
            return framed(Arc(wide, tall, angle).mask(mask.alpha), unit, [])
        return framed(mask.alpha, unit, self.neighbours(rng, font, mask, size, spacing))

    def neighbours(
        self, rng: np.random.Generator, font: int, mask: TextMask, size: int, spacing: float
    ) -> list[tuple[np.ndarray, int, int]]:
        """Masks of words around, with their places relative to the word's corner."""
        height, width = mask.alpha.shape
        placed = []
        chances = rng.random(4)
        for side, chance in enumerate(chances):
            if chance > (0.14, 0.14, 0.10, 0.10)[side]:
                continue
            text = self.text_source.sample(rng)[:8]
            if not self.fonts.draws(font, text):
                continue
            neighbour = set_text(self.fonts, font, text, size, spacing)
            ink = neighbour.alpha
            gap = int(size * (0.22 + 0.25 * rng.random()))
            row = mask.baseline - neighbour.baseline
            if side == 0:
                placed.append((ink, -gap - ink.shape[1], row))
            elif side == 1:
                placed.append((ink, width + gap, row))
            else:
                gap = int(size * (0.05 + 0.3 * rng.random()))
                x = int((rng.random() * 1.2 - 0.6) * width)
                placed.append((ink, x, -gap - ink.shape[0] if side == 2 else height + gap))
        return placed

    def photograph(self, rng: np.random.Generator, image: np.ndarray, unit: float) -> np.ndarray:
        """(H, W, 3) uint8: what a camera makes of a painted word whose lines are ``unit`` high."""
        return degrade(rng, image, unit)

    def ground(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """(H, W, 3) float32 of what the word stands on."""
        height, width = shape[:2]
        kind = rng.random()
        if kind < 0.34:
            return self.backgrounds.patch(rng, height, width).astype(np.float32)
        ground: np.ndarray = np.empty((height, width, 3), np.float32)
        if kind < 0.5:
            # A sign takes the colours of the place it hangs in.
            patch = self.backgrounds.patch(rng, 4, 4).reshape(-1, 3)
            ground[:] = patch[int(rng.random() * len(patch))]
        else:
            ground[:] = paint(rng)
        if rng.random() < 0.35:
            patch = self.backgrounds.patch(rng, height, width).astype(np.float32)
            ground += (patch - patch.mean(axis=(0, 1))) * np.float32(0.05 + 0.35 * rng.random())
        if rng.random() < 0.18:
            _draw_edges(rng, ground)
        return ground

    def _paint(
        self,
        rng: np.random.Generator,
        ground: np.ndarray,
        word: np.ndarray,
        clutter: np.ndarray,
        unit: float,
    ) -> np.ndarray:
        mean = ground.mean(axis=(0, 1))
        color = contrasting(rng, mean, needed_contrast(ground))
        if rng.random() < 0.2 and float(luma(ground.reshape(-1, 3)).std()) < 12:
            color = lower_contrast(rng, color, mean)
        if clutter.any():
            if rng.random() < 0.75:
                word = np.maximum(word, clutter)
            else:
                blend(ground, clutter.astype(np.float32) / 255, contrasting(rng, mean, 40.0))
        alpha = word.astype(np.float32) / 255
        weight = rng.random()
        if weight < 0.1:
            alpha = grow(alpha, unit * 0.045 * rng.random())
        elif weight < 0.16 and unit > 24:
            alpha = thin(alpha, unit * 0.015 * rng.random())
        size = ground.shape[:2]

        def texture() -> np.ndarray:
            return self.backgrounds.patch(rng, *size)

        paint_text(rng, ground, alpha, color, unit, texture)
        return ground


def drawable(
    rng: np.random.Generator,
    fonts: FontBank,
    draw: Callable[[], str],
    least: float = 0.0,
) -> tuple[str, int]:
    """A text and a font that draws it; texts that no font draws are drawn anew.

    Args:
        rng: Source of all randomness.
        fonts: Fonts to choose from.
        draw: Gives a text.
        least: See :meth:`FontBank.choose`.

    Raises:
        ConfigError: No font drew any of twenty texts.
    """
    for _ in range(_TEXTS_TRIED - 1):
        text = draw()
        try:
            return text, fonts.choose(rng, text, least=least)
        except ConfigError:
            continue
    text = draw()
    return text, fonts.choose(rng, text, least=least)


def framed(
    alpha: np.ndarray, unit: float, neighbours: list[tuple[np.ndarray, int, int]]
) -> Setting:
    """The word in the middle of a canvas that is one line wider on each side."""
    frame = int(unit)
    height, width = alpha.shape
    word = np.zeros((height + 2 * frame, width + 2 * frame), np.uint8)
    word[frame : frame + height, frame : frame + width] = alpha
    clutter = np.zeros_like(word)
    for ink, x, y in neighbours:
        paste(clutter, ink, frame + x, frame + y)
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    return Setting(word, clutter, corners + frame, unit)


def _view(rng: np.random.Generator, width: float, height: float) -> np.ndarray:
    """(4, 2) float64 corners of a width x height word as a camera sees it, middle at 0."""
    aspect = np.exp(rng.normal(0.0, 0.14))
    x = np.array([-0.5, 0.5, 0.5, -0.5]) * width * aspect
    y = np.array([-0.5, -0.5, 0.5, 0.5]) * height
    tilted = rng.random() < 0.3
    # A wall seen from the side: one end is smaller than the other.
    turn = np.clip(rng.normal(0, 0.10 if tilted else 0.03), -0.3, 0.3)
    y = y * np.where(x < 0, 1 - turn, 1 + turn)
    x = x * np.where(y < 0, 1, 1 + rng.normal(0, 0.02))
    x = x + np.clip(rng.normal(0, 0.16 if tilted else 0.05), -0.5, 0.5) * y
    shape = rng.random()
    spread = 2.0 if shape < 0.62 else 7.0 if shape < 0.9 else 17.0
    angle = np.deg2rad(np.clip(rng.normal(0, spread), -45, 45))
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([cos * x - sin * y, sin * x + cos * y], -1)


def project(
    rng: np.random.Generator, setting: Setting, height: float
) -> tuple[np.ndarray, np.ndarray, float]:
    """See the canvas through a camera and cut the word out.

    Returns:
        Masks (H, W) uint8 of the word and of its neighbours, and the height of a line in them.
    """
    size = setting.quad[2] - setting.quad[0]
    scale = height / setting.unit
    corners = _view(rng, float(size[0]) * scale, float(size[1]) * scale)
    extent = corners.max(axis=0) - corners.min(axis=0)
    if extent.max() > _LARGEST:
        shrink = _LARGEST / float(extent.max())
        corners, scale, height = corners * shrink, scale * shrink, height * shrink
    loose = rng.random() < 0.35
    spread = rng.random(4) * 0.4 if loose else rng.normal(0.06, 0.06, 4)
    margin = np.clip(spread, -0.07, 0.5) * height
    low = corners.min(axis=0) - margin[:2]
    width, tall = np.ceil(corners.max(axis=0) + margin[2:] - low).astype(int)
    target = (corners - low).astype(np.float32)
    matrix = cv2.getPerspectiveTransform(setting.quad, target)
    shape = (max(4, int(tall)), max(4, int(width)))
    word = see_mask(setting.word, matrix, shape, scale)
    return word, see_mask(setting.clutter, matrix, shape, scale), height


def _draw_edges(rng: np.random.Generator, ground: np.ndarray) -> None:
    """The rim of a sign or a rule of print along one of the sides, in place."""
    height, width = ground.shape[:2]
    color = paint(rng).tolist()
    tilt = rng.normal(0, 0.06)
    thick = max(1, int(height * 0.12 * rng.random()))
    share = 0.12 * rng.random()
    if rng.random() < 0.7:
        y = height * (share if rng.random() < 0.5 else 1 - share)
        ends = (0, int(y - tilt * width / 2)), (width, int(y + tilt * width / 2))
    else:
        x = int(width * (share * 0.4 if rng.random() < 0.5 else 1 - share * 0.4))
        ends = (x, 0), (x, height)
    cv2.line(ground, *ends, color, thick, cv2.LINE_AA)
