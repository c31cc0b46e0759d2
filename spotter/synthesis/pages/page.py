"""A page while it is drawn: its image, its ink, and its words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from spotter.errors import ConfigError
from spotter.geometry import transform_points
from spotter.synthesis.accents import without_accents
from spotter.synthesis.backgrounds import BackgroundBank
from spotter.synthesis.colors import contrasting
from spotter.synthesis.effects import blend, paint_text
from spotter.synthesis.fonts import FontBank
from spotter.synthesis.layout import see_mask
from spotter.synthesis.pages.runs import Run, set_run
from spotter.synthesis.text import MAX_LENGTH, TextSource

_WANTED = "ABCEHORSaegnorst0123456789.,:-/()"
_ACCENTS = "éüñçÄö"


@dataclass
class PageWord:
    """A word on a page.

    Attributes:
        text: What it says.
        polygon: (4, 2) or (2n, 2) float32 in pixels of the page.
        characters: (L, 4, 2) float32.
        capital: Height of a capital letter there, in pixels.
        ignore: It cannot be read, or is a lone dash or full stop.
    """

    text: str
    polygon: np.ndarray
    characters: np.ndarray
    capital: float
    ignore: bool = False


class Page:
    """A page to write on.

    Args:
        rng: Source of all randomness.
        fonts: Fonts to write with.
        source: What the words say.
        backgrounds: Photos and surfaces.
        size: Height and width in pixels.

    Attributes:
        image: (H, W, 3) float32 BGR, 0 to 255.
        ink: (H, W) uint8 coverage of all letters.
        words: What has been written.
        look: What is done with the finished page: ``"screen"`` is mostly left as it is,
            ``"print"`` is scanned or photographed, ``"thing"`` is always photographed.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        fonts: FontBank,
        source: TextSource,
        backgrounds: BackgroundBank,
        size: tuple[int, int],
    ) -> None:
        self.rng = rng
        self.fonts = fonts
        self.source = source
        self.backgrounds = backgrounds
        self.height, self.width = size
        self.image: np.ndarray = np.empty((*size, 3), np.float32)
        self.image[:] = 255.0
        self.ink: np.ndarray = np.zeros(size, np.uint8)
        self.words: list[PageWord] = []
        self.look = "print"

    def chance(self, share: float) -> bool:
        """True in a share of all cases."""
        return bool(self.rng.random() < share)

    def between(self, low: float, high: float) -> float:
        """A number between two bounds."""
        return float(low + (high - low) * self.rng.random())

    def fill(self, color: Sequence[float] | np.ndarray | float) -> None:
        """Paint the whole page in one colour."""
        self.image[:] = np.asarray(color, np.float32)

    def box(
        self, x0: float, y0: float, x1: float, y1: float, color: np.ndarray, thick: int = -1
    ) -> None:
        """A rectangle, filled or, with a thickness in pixels, framed."""
        corners = (round(x0), round(y0)), (round(x1), round(y1))
        cv2.rectangle(self.image, *corners, tuple(map(float, color)), thick)

    def font(self, least: float = 0.0, one_of: Sequence[int] | None = None) -> int:
        """A font for running text.

        Args:
            least: Legibility that it shall have, see :class:`FontTraits`.
            one_of: Fonts to choose from; default: all.
        """
        accents = _ACCENTS if self.chance(0.6) and "é" in self.source.charset else ""
        if one_of:
            return one_of[int(self.rng.random() * len(one_of))]
        best, score = 0, -1.0
        for _ in range(8):
            try:
                font = self.fonts.choose(self.rng, _WANTED + accents)
            except ConfigError:
                if not accents:
                    return self.fonts.choose(self.rng, "AEHNO")
                accents = ""
                continue
            traits = self.fonts.traits(font)
            if traits.legibility >= least and (least <= 0 or traits.case == "both"):
                return font
            if traits.legibility > score:
                best, score = font, traits.legibility
        return best

    def spelled(self, font: int, text: str) -> str:
        """The text in characters that labels may hold and a font draws, words of at most
        ``MAX_LENGTH`` characters; words without any are left out."""

        def drawn(part: str) -> bool:
            return self.source.allows(part) and self.fonts.draws(font, part)

        if len(text) <= MAX_LENGTH and drawn(text.replace(" ", "")):
            return text
        words = []
        for word in text.split(" "):
            word = word[:MAX_LENGTH]
            if not drawn(word):
                word = "".join(char for char in without_accents(word) if drawn(char))
            if word:
                words.append(word)
        return " ".join(words)

    def run(
        self, text: str, font: int, size: float, spacing: float = 0.0, gap: float = 1.0
    ) -> Run | None:
        """A line of text; ``None`` when the font draws none of it."""
        return set_run(
            self.fonts, font, self.spelled(font, text), max(5, round(size)), spacing, gap
        )

    def write(
        self,
        text: str,
        x: float,
        y: float,
        font: int,
        size: float,
        color: np.ndarray,
        align: float = 0.0,
        room: float | None = None,
        spacing: float = 0.0,
    ) -> float:
        """Write a line.

        Args:
            text: Words with spaces between them.
            x: Where the line starts, or with ``align`` 1 ends, or with 0.5 has its middle.
            y: Row of the baseline.
            font: Index of the font.
            size: Pixels per em.
            color: (3,) BGR.
            align: Share of the line left of ``x``.
            room: Width in pixels; last words that stand out are left out.
            spacing: Extra distance between characters, in em.

        Returns:
            Where the line ends; ``x`` when nothing was written.
        """
        words = text.split(" ")
        while words:
            run = self.run(" ".join(words), font, size, spacing)
            if run is None:
                return x
            if room is None or run.left + run.shape[1] <= room:
                start = x - align * run.advance
                if self.put(run, start + run.left, y - run.baseline, color):
                    return start + run.advance
                return x
            share = room / max(run.left + run.shape[1], 1)
            words = words[: min(len(words) - 1, int(len(words) * share + 1))]
        return x

    def put(
        self,
        run: Run,
        x: float,
        y: float,
        color: np.ndarray,
        over: bool = False,
        paint: Callable[[np.ndarray, np.ndarray], None] | None = None,
    ) -> bool:
        """Lay a run with its corner at (x, y).

        Args:
            run: What is written.
            x: Column of the run's first column.
            y: Row of its first row.
            color: (3,) BGR.
            over: Whether it may lie over what is written already; else nothing is done there.
            paint: Paints alpha (h, w) float32 over a region (h, w, 3) in place of plain colour.

        Returns:
            Whether it was laid; never where less than half of it lies on the page.
        """
        x, y = round(x), round(y)
        tall, wide = run.shape
        top, left = max(0, y), max(0, x)
        bottom, right = min(self.height, y + tall), min(self.width, x + wide)
        if (bottom - top) * 2 < tall or (right - left) * 2 < wide:
            return False
        covered = self.ink[top:bottom, left:right]
        if not over and covered.any():
            return False
        part = (slice(top - y, bottom - y), slice(left - x, right - x))
        region = self.image[top:bottom, left:right]
        if run.ghost is not None:
            blend(region, run.ghost[part].astype(np.float32) / 255, color)
        ink = run.ink[part]
        if paint is None:
            blend(region, ink.astype(np.float32) / 255, color)
        else:
            paint(region, ink.astype(np.float32) / 255)
        np.maximum(covered, ink, out=covered)
        self._note(run, np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64), 1.0)
        return True

    def lay(self, run: Run, matrix: np.ndarray, color: np.ndarray, opacity: float = 1.0) -> None:
        """Lay a run as a homography sees it, over what is there.

        Args:
            run: What is written.
            matrix: 3x3 from pixels of the run to pixels of the page.
            color: (3,) BGR.
            opacity: 0 to 1.
        """
        scale = float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))
        ink = see_mask(run.ink, matrix, (self.height, self.width), scale)
        x, y, wide, tall = cv2.boundingRect(ink)
        part = (slice(y, y + tall), slice(x, x + wide))
        if wide and tall:
            alpha = ink[part].astype(np.float32) * np.float32(opacity / 255)
            blend(self.image[part], alpha, color)
            np.maximum(self.ink[part], ink[part], out=self.ink[part])
            self._note(run, matrix, scale)

    def _note(self, run: Run, matrix: np.ndarray, scale: float) -> None:
        for word in run.words:
            self.words.append(
                PageWord(
                    word.text,
                    transform_points(word.polygon, matrix).astype(np.float32),
                    transform_points(word.characters, matrix).astype(np.float32),
                    run.capital * scale,
                    word.flat,
                )
            )

    def painted(self, unit: float) -> Callable[[np.ndarray, np.ndarray], None]:
        """A way of painting a run: colour against its ground, with effects as signs have them."""

        def paint(region: np.ndarray, alpha: np.ndarray) -> None:
            mean = region.reshape(-1, 3).mean(axis=0)
            color = contrasting(self.rng, mean, 70.0)
            size = region.shape[:2]
            paint_text(
                self.rng,
                region,
                alpha,
                color,
                unit,
                lambda: self.backgrounds.patch(self.rng, *size),
            )

        return paint

    def contrast(self, color: np.ndarray, least: float = 90.0) -> np.ndarray:
        """A colour for text on a ground."""
        return contrasting(self.rng, np.asarray(color, np.float32), least)
