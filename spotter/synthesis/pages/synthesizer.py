"""Pages and screens with exact outlines of their words, each from its own seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np

from spotter.errors import ConfigError
from spotter.synthesis.backgrounds import BackgroundBank
from spotter.synthesis.effects import readable
from spotter.synthesis.fonts import FontBank
from spotter.synthesis.pages import curves, documents, labels, meters, posters, screens, tables
from spotter.synthesis.pages.camera import develop, photograph, roll, turn_quarters, view
from spotter.synthesis.pages.outlines import visible_outline
from spotter.synthesis.pages.page import Page, PageWord
from spotter.synthesis.text import TextSource

# Words whose capitals are lower than this many pixels are ignored.
LEAST_CAPITAL = 7.0
_QUARTER_TURNS = 0.15
# Shares of pages of each look that are seen as they were drawn.
_UNMOVED = {"screen": 0.75, "print": 0.4, "thing": 0.05}
_SMALLEST_SHARE = 2 / 3

PAGE_KINDS: dict[str, tuple[Callable[[Page], None], float]] = {
    "document": (documents.document, 0.09),
    "columns": (documents.columns, 0.05),
    "word_list": (documents.word_list, 0.06),
    "receipt": (tables.receipt, 0.09),
    "table": (tables.table, 0.09),
    "price_list": (tables.price_list, 0.06),
    "form": (tables.form, 0.04),
    "grid": (tables.grid, 0.04),
    "label": (labels.label, 0.07),
    "plate": (labels.plate, 0.04),
    "ticket": (labels.ticket, 0.04),
    "settings": (screens.settings, 0.05),
    "chat": (screens.chat, 0.03),
    "code": (screens.code, 0.04),
    "dashboard": (screens.dashboard, 0.03),
    "ticker": (screens.ticker, 0.02),
    "poster": (posters.poster, 0.07),
    "sign": (posters.sign, 0.06),
    "spaced": (posters.spaced, 0.03),
    "vertical": (posters.vertical, 0.025),
    "faint": (posters.faint, 0.03),
    "watermark": (posters.watermark, 0.02),
    "segments": (meters.segments, 0.035),
    "dot_matrix": (meters.dot_matrix, 0.035),
    "seal": (curves.seal, 0.08),
    "curved_lines": (curves.curved_lines, 0.08),
}


class PageSynthesizer:
    """Draws pages and screens, each from its own seed.

    Args:
        fonts: Fonts to draw with.
        source: What the words say.
        backgrounds: Photos or folders of them; ``None`` paints surfaces.
        size: Largest height and width in pixels, each at least 96; every page draws its own, down
            to two thirds of them.
        seed: Sample ``index`` depends on (seed, index) and on nothing else.
        kinds: Names of ``PAGE_KINDS`` with their weights; default: all with the weights there.

    Raises:
        ConfigError: ``size`` is too small, or a kind is unknown.
    """

    def __init__(
        self,
        fonts: FontBank,
        source: TextSource,
        backgrounds: Sequence[str] | None = None,
        size: tuple[int, int] = (960, 960),
        seed: int = 0,
        kinds: dict[str, float] | None = None,
    ) -> None:
        if min(size) < 96:
            raise ConfigError(f"pages of {size[1]}x{size[0]} pixels are too small for text")
        weights = {name: weight for name, (_, weight) in PAGE_KINDS.items()}
        for name in kinds or {}:
            if name not in weights:
                raise ConfigError(f'page kind "{name}" is not one of {", ".join(weights)}')
        weights = weights if kinds is None else kinds
        self.fonts = fonts
        self.text_source = source
        self.backgrounds = BackgroundBank(backgrounds, side=640)
        self.size = size
        self.seed = seed
        self._names = list(weights)
        self._edges = np.cumsum([weights[name] for name in self._names])

    def sample(self, index: int) -> dict[str, Any]:
        """One page.

        Args:
            index: Number of the sample, at least 0.

        Returns:
            ``img``: (H, W, 3) uint8 BGR. ``instances``: one dict per word with ``polygon`` (4, 2)
            or (2n, 2) float32, clockwise from the first character's own top-left corner, in
            reading direction; ``text``, ``None`` where ignored; ``ignore``; ``characters``
            (L, 4, 2) float32. ``kind``: name of ``PAGE_KINDS``. ``look``: see :class:`Page`.
        """
        rng = np.random.default_rng([self.seed, index])
        name = self._names[
            min(
                int(np.searchsorted(self._edges, rng.random() * self._edges[-1])),
                len(self._names) - 1,
            )
        ]
        shares = _SMALLEST_SHARE + (1 - _SMALLEST_SHARE) * rng.random(2)
        height, width = (int(side * share) for side, share in zip(self.size, shares, strict=True))
        page = Page(rng, self.fonts, self.text_source, self.backgrounds, (height, width))
        PAGE_KINDS[name][0](page)
        self._see(page)
        photo = develop(page, _smallest(page.words))
        instances = instances_of(page.words, photo, page.ink)
        return {"img": photo, "instances": instances, "kind": name, "look": page.look}

    def _see(self, page: Page) -> None:
        """Turn the page, roll it, or photograph it at an angle."""
        rng = page.rng
        if page.chance(_QUARTER_TURNS):
            turn_quarters(page, 1 + int(rng.random() * 3))
        if page.chance(_UNMOVED[page.look]):
            return
        if page.look == "thing" and page.chance(0.12):
            roll(page, page.between(0.5, 1.25), page.between(-0.12, 0.12) * page.height)
        turned = page.chance(0.22)
        angle = page.between(-180, 180) if turned else float(rng.normal(0, 5))
        slope = 0.05 * rng.random() if page.chance(0.5) else 0.01
        fit = 1.0 if turned or page.chance(0.4) else page.between(0, 0.8)
        photograph(page, view(page, angle, slope, fit))


def _smallest(words: list[PageWord]) -> float:
    """Height of capitals that all but a tenth of the words have, in pixels."""
    heights = [word.capital for word in words if not word.ignore]
    return float(np.percentile(heights, 10)) if heights else 24.0


def instances_of(words: list[PageWord], photo: np.ndarray, ink: np.ndarray) -> list[dict[str, Any]]:
    """Labels of a page's words.

    Args:
        words: With outlines in the photo.
        photo: (H, W, 3) uint8.
        ink: (H, W) uint8 coverage of the letters in it.

    Returns:
        One dict per word: those outside of the photo are left out; cut, tiny and faded ones are
        ignored, and have no text.
    """
    frame = np.array([photo.shape[1], photo.shape[0]], np.float32)
    found = []
    for word in words:
        polygon = word.polygon
        inside = ((polygon >= -0.75) & (polygon <= frame + 0.75)).all(axis=1)
        # Half a pixel of an outline outside is no cut letter.
        polygon = np.clip(polygon, 0, frame).astype(np.float32) if inside.all() else polygon
        outline = visible_outline(polygon, photo.shape[:2])
        if outline is None:
            continue
        ignore = word.ignore or not inside.all() or word.capital < LEAST_CAPITAL
        ignore = ignore or not _legible(photo, ink, polygon)
        found.append(
            {
                "polygon": outline,
                "text": None if ignore else word.text,
                "ignore": bool(ignore),
                "characters": word.characters,
            }
        )
    return found


def _legible(photo: np.ndarray, ink: np.ndarray, polygon: np.ndarray) -> bool:
    x, y, width, height = cv2.boundingRect(polygon.astype(np.float32))
    rows, columns = slice(max(0, y - 2), y + height + 2), slice(max(0, x - 2), x + width + 2)
    return readable(photo[rows, columns], ink[rows, columns], 6.0)
