"""Synthetic word crops that look like the lettering of shop fronts, logos and neon signs.

They differ from print in: scripts and display faces, wide tracking, small capitals, arcs, and
letters built in layers: shadow or side walls behind, one or two rims, a face that is shaded,
hollow, lined inside or of the wall's own colour.
"""

from __future__ import annotations

import cv2
import numpy as np

from spotter.synthesis.colors import contrasting, luma
from spotter.synthesis.degradations import degrade
from spotter.synthesis.effects import (
    blend,
    glow,
    grow,
    needed_contrast,
    readable,
    relief,
    shadow,
    shift,
    thin,
)
from spotter.synthesis.layout import Arc, set_text
from spotter.synthesis.words import FINE, Setting, WordSynthesizer, drawable, framed, project

_FINER = 2  # layers are painted at this many times the crop's size


class SignSynthesizer(WordSynthesizer):
    """Draws words as signs show them; see :class:`WordSynthesizer` for the arguments."""

    def sample(self, index: int) -> tuple[np.ndarray, str]:
        """One crop and its label, as of :meth:`WordSynthesizer.sample`."""
        rng = np.random.default_rng([self.seed, index])
        drawn, font = drawable(rng, self.fonts, lambda: self._text(rng), least=0.35)
        height = float(np.clip(np.exp(rng.normal(3.4, 0.4)), 14.0, 64.0))
        setting = self._set(rng, font, drawn, 48 if _FINER * height < FINE else 96)
        word, clutter, unit = project(rng, setting, _FINER * height)
        small = [max(4, round(side / _FINER)) for side in reversed(word.shape)]
        letters = cv2.resize(word, small, interpolation=cv2.INTER_AREA)
        for _ in range(3):
            ground = self.ground(rng, word.shape)
            _paint_letters(rng, ground, np.maximum(word, clutter), unit)
            image = cv2.resize(ground, small, interpolation=cv2.INTER_AREA)
            crop = degrade(rng, image, unit / _FINER)
            if readable(crop, letters, 13.0):
                break
        return crop, self.fonts.spelled(font, drawn)

    def _text(self, rng: np.random.Generator) -> str:
        """A word, mostly of letters, mostly in capitals."""
        for _ in range(20):
            text = self.text_source.sample(rng)
            if 2 <= len(text) <= 14 and sum(map(str.isalpha, text)) >= 0.6 * len(text):
                break
        return text.upper() if rng.random() < 0.5 else text

    def _set(self, rng: np.random.Generator, font: int, text: str, size: int) -> Setting:
        shape = rng.random()
        spacing = rng.normal(0.0, 0.04)
        if shape < 0.3:
            spacing = 0.1 + 0.8 * rng.random() ** 1.7
        capitals = text.isupper() and len(text) > 2
        initial = 1.0
        if rng.random() < (0.25 if capitals else 0.08):
            initial = 1.15 + 0.45 * rng.random()
        mask = set_text(self.fonts, font, text, size, spacing, initial=initial)
        tall, wide = mask.alpha.shape
        unit = max(float(tall), 0.45 * size)
        bent = rng.random() < 0.16 and wide > 1.5 * unit
        if bent:
            angle = float(np.clip(rng.normal(0, 0.9), -2.2, 2.2))
            return framed(Arc(wide, tall, angle).mask(mask.alpha), unit, [])
        return framed(mask.alpha, unit, self.neighbours(rng, font, mask, size, spacing))


def _paint_letters(
    rng: np.random.Generator, image: np.ndarray, ink: np.ndarray, unit: float
) -> None:
    """Build letters, (H, W) uint8 ink, over (H, W, 3) float32, in place."""
    alpha = ink.astype(np.float32) / 255
    weight = rng.random()
    if weight < 0.15:
        alpha = grow(alpha, unit * 0.05 * rng.random())
    elif weight < 0.25:
        alpha = thin(alpha, unit * 0.012 * rng.random())
    mean: np.ndarray = image.mean(axis=(0, 1))
    color = contrasting(rng, mean, needed_contrast(image))
    own = rng.random() < 0.08  # letters of the wall's own material: only their edges show
    if own:
        color = (mean + rng.normal(0, 8)).astype(np.float32)
    _paint_behind(rng, image, alpha, unit, own)
    _paint_rims(rng, image, alpha, unit, color, own)
    _paint_face(rng, image, alpha, unit, color, mean.astype(np.float32), own)


def _paint_behind(
    rng: np.random.Generator, image: np.ndarray, alpha: np.ndarray, unit: float, always: bool
) -> None:
    """Cast shadow, side walls or the light of a tube, in place."""
    shape = rng.random() * (0.6 if always else 1.0)
    if shape < 0.3:
        shadow(rng, image, alpha, unit)
    elif shape < 0.55:
        relief(rng, image, alpha, unit)
    elif shape < 0.65:
        glow(rng, image, alpha, unit)


def _paint_rims(
    rng: np.random.Generator,
    image: np.ndarray,
    alpha: np.ndarray,
    unit: float,
    color: np.ndarray,
    always: bool,
) -> None:
    """One outline around the letters, or one around another, in place."""
    shape = rng.random() * (0.45 if always else 1.0)
    if shape > 0.45:
        return
    width = max(0.8, unit * (0.015 + 0.06 * rng.random()))
    rim = contrasting(rng, color, 50.0)
    if shape < 0.12:
        around = width + max(0.8, unit * (0.02 + 0.05 * rng.random()))
        blend(image, grow(alpha, around), contrasting(rng, rim, 50.0))
    blend(image, grow(alpha, width), rim)


def _paint_face(
    rng: np.random.Generator,
    image: np.ndarray,
    alpha: np.ndarray,
    unit: float,
    color: np.ndarray,
    ground: np.ndarray,
    plain: bool,
) -> None:
    """The letters' front, in place: plain, shaded, bevelled, two-toned, lined or hollow."""
    shape = 1.0 if plain else rng.random()
    if shape < 0.1:
        # Hollow: the rim of the stroke only, as of neon tubes.
        tube = max(0.7, unit * (0.015 + 0.03 * rng.random()))
        blend(image, np.clip(grow(alpha, tube) - thin(alpha, tube * 0.7), 0, 1), color)
        return
    if shape < 0.25:
        share = np.linspace(0, 1, image.shape[0], dtype=np.float32)[:, None, None]
        other = np.clip(color + rng.normal(0, 45, 3), 0, 255).astype(np.float32)
        if rng.random() < 0.4:  # two tones with an edge between them
            share = np.clip((share - np.float32(0.3 + 0.4 * rng.random())) * 40, 0, 1)
        blend(image, alpha, np.broadcast_to(color + (other - color) * share, image.shape))
        return
    blend(image, alpha, color)
    if shape < 0.4:
        # Lined: a thinner stroke inside the stroke.
        inner = thin(alpha, max(0.8, unit * (0.02 + 0.035 * rng.random())))
        near = luma(color) + 50 < luma(ground) or rng.random() < 0.5
        blend(image, inner, ground if near else contrasting(rng, color, 50.0))
    elif shape < 0.55 or plain:
        # Bevelled: edges towards the light are lighter, the others darker.
        angle = rng.random() * 2 * np.pi
        reach = unit * (0.015 + 0.035 * rng.random())
        move = np.array([np.cos(angle), np.sin(angle)]) * reach
        lit = np.clip(alpha - shift(alpha, move[0], move[1]), 0, 1)
        dim = np.clip(alpha - shift(alpha, -move[0], -move[1]), 0, 1)
        strength = np.float32(0.4 + 0.6 * rng.random())
        blend(image, lit * strength, np.clip(color * 0.4 + 150, 0, 255).astype(np.float32))
        blend(image, dim * strength, color * np.float32(0.35))
