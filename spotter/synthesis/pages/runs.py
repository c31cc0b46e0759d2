"""Runs: a line of text as ink, split into words at its spaces, with exact outlines."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from spotter.synthesis.fonts import FontBank, Glyph
from spotter.synthesis.layout import Arc, box_quads, paste, sampled_outline

# Outlines of words such as "1", "|" and "-" are at least this many capital heights wide and high.
LEAST_EXTENT = 0.3


@dataclass
class RunWord:
    """A word of a run.

    Attributes:
        text: What stands between two spaces, marks included.
        polygon: (4, 2), or (2n, 2) on a bent run, float32 around its ink, clockwise from the first
            character's top-left corner, in pixels of the run.
        characters: (L, 4, 2) float32 around the ink of each character.
        flat: All of its ink lies within 0.4 capital heights: a dash, a full stop.
    """

    text: str
    polygon: np.ndarray
    characters: np.ndarray
    flat: bool = False


@dataclass
class Run:
    """A line of text as ink.

    Attributes:
        ink: (H, W) uint8 coverage, cropped to the ink.
        words: The words, first to last.
        left: Pixels from the pen's start to the first column of ``ink``.
        baseline: Row of ``ink`` on which the letters stand.
        advance: Pixels by which the pen moves on.
        capital: Height of a capital letter in pixels.
        ghost: (H, W) uint8 of unlit segments or dots, shown faintly; ``None`` for print.
    """

    ink: np.ndarray
    words: list[RunWord] = field(default_factory=list)
    left: int = 0
    baseline: int = 0
    advance: float = 0.0
    capital: float = 0.0
    ghost: np.ndarray | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the ink."""
        return self.ink.shape[0], self.ink.shape[1]


def set_run(
    fonts: FontBank, font: int, text: str, size: int, spacing: float = 0.0, gap: float = 1.0
) -> Run | None:
    """Set a line of text.

    Args:
        fonts: Where the glyphs come from.
        font: Index of a font that draws the text.
        text: Words with spaces between them; further spaces widen the gap.
        size: Pixels per em.
        spacing: Extra distance between characters, in em.
        gap: Width of a space in terms of the font's own.

    Returns:
        ``None`` where nothing is inked.
    """
    glyphs: list[Glyph] = []
    places: list[tuple[int, int]] = []
    ends: list[int] = []
    pen, previous, extra = 0.0, "", spacing * size
    space = (fonts.glyph(font, " ", size).advance or 0.28 * size) * gap + extra
    for char in text:
        if char == " ":
            pen += space
            previous = ""
            ends.append(len(glyphs))
            continue
        glyph = fonts.glyph(font, char, size)
        if previous:
            pen += extra + fonts.kerning(font, previous + char, size)
        glyphs.append(glyph)
        places.append((round(pen + glyph.left), glyph.top))
        pen += glyph.advance
        previous = char
    if not glyphs:
        return None
    spans = [(a, b) for a, b in zip([0, *ends], [*ends, len(glyphs)], strict=True) if b > a]
    spelled = fonts.spelled(font, text).split()
    capital = float(fonts.glyph(font, "H", size).alpha.shape[0])
    return _joined(glyphs, places, spans, spelled, pen, capital)


def _joined(
    glyphs: list[Glyph],
    places: list[tuple[int, int]],
    spans: list[tuple[int, int]],
    texts: list[str],
    advance: float,
    capital: float,
) -> Run | None:
    """The run of glyphs at places (x, y) relative to the pen's start on the baseline."""
    corner = np.array(places, np.int32)
    extent = np.array([glyph.alpha.shape[::-1] for glyph in glyphs], np.int32)
    boxes = np.concatenate([corner, corner + extent], axis=1)
    low = boxes[:, :2].min(axis=0)
    width, height = boxes[:, 2:].max(axis=0) - low
    if width < 1 or height < 1:
        return None
    boxes -= np.concatenate([low, low])
    ink = np.zeros((height, width), np.uint8)
    for (x, y, _, _), glyph in zip(boxes.tolist(), glyphs, strict=True):
        paste(ink, glyph.alpha, x, y)
    quads = box_quads(boxes)
    words = [
        boxed_word(text, boxes[start:stop], quads[start:stop], capital)
        for text, (start, stop) in zip(texts, spans, strict=True)
    ]
    return Run(ink, words, int(low[0]), int(-low[1]), advance, capital)


def boxed_word(text: str, boxes: np.ndarray, quads: np.ndarray, capital: float) -> RunWord:
    """A word on a straight run from the boxes (L, 4) and quads (L, 4, 2) of its characters."""
    x0, y0 = boxes[:, :2].min(axis=0).tolist()
    x1, y1 = boxes[:, 2:].max(axis=0).tolist()
    flat = y1 - y0 < 0.4 * capital
    least = LEAST_EXTENT * capital
    wider, higher = max(0.0, (least - x1 + x0) / 2), max(0.0, (least - y1 + y0) / 2)
    x0, x1, y0, y1 = x0 - wider, x1 + wider, y0 - higher, y1 + higher
    polygon = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)
    return RunWord(text, polygon, quads, flat)


def stack_run(fonts: FontBank, font: int, word: str, size: int, gap: float = 0.15) -> Run | None:
    """One word as a column of upright letters, first character on top; ``gap`` in em."""
    glyphs = [fonts.glyph(font, char, size) for char in word]
    places, y = [], 0.0
    for glyph in glyphs:
        places.append((-glyph.alpha.shape[1] // 2, round(y)))
        y += glyph.alpha.shape[0] + gap * size
    capital = float(fonts.glyph(font, "H", size).alpha.shape[0])
    spelled = fonts.spelled(font, word)
    return _joined(glyphs, places, [(0, len(glyphs))], [spelled], y, capital)


def bent_run(run: Run, angle: float) -> Run:
    """A run along a circle.

    Args:
        run: A straight run.
        angle: Radians that it spans; positive arches the middle upwards.
    """
    height, width = run.shape
    arc = Arc(width, height, angle)
    words = []
    for word in run.words:
        box = np.concatenate([word.polygon.min(axis=0), word.polygon.max(axis=0)])
        turn = abs(angle) * (box[2] - box[0]) / max(width, 1)
        outline = arc.points(sampled_outline(box, _points_per_side(turn)))
        words.append(RunWord(word.text, outline, arc.points(word.characters), word.flat))
    ink = arc.mask(run.ink)
    return Run(ink, words, 0, ink.shape[0], float(ink.shape[1]), run.capital)


def _points_per_side(turn: float) -> int:
    """Points along a side of an outline that turns by so many radians: 4 to 12."""
    return int(np.clip(np.ceil(turn / 0.22) + 1, 4, 12))


def wavy_run(run: Run, height: float, waves: float, phase: float) -> Run:
    """A run on a sine wave, its letters upright.

    Args:
        run: A straight run.
        height: Amplitude in pixels.
        waves: Periods over the run's width.
        phase: Radians at its start.
    """
    tall, wide = run.shape
    columns = np.arange(wide)
    turn = 2 * np.pi * waves / wide
    shifts = height * (1 - np.sin(turn * (columns + 0.5) + phase))
    ink: np.ndarray = np.zeros((tall + int(2 * height) + 1, wide), np.uint8)
    for column, offset in zip(columns.tolist(), np.round(shifts).astype(int).tolist(), strict=True):
        ink[offset : offset + tall, column] = run.ink[:, column]

    def moved(points: np.ndarray) -> np.ndarray:
        result = points.copy()
        result[..., 1] += height * (1 - np.sin(turn * points[..., 0] + phase))
        return result

    words = []
    for word in run.words:
        box = np.concatenate([word.polygon.min(axis=0), word.polygon.max(axis=0)])
        count = _points_per_side(2.5 * turn * (box[2] - box[0]))
        outline = moved(sampled_outline(box, count))
        words.append(RunWord(word.text, outline, moved(word.characters), word.flat))
    return Run(ink, words, 0, ink.shape[0], float(wide), run.capital)
