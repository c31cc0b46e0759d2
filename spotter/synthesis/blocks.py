"""Blocks of text: the words of one sign or paragraph, set together in lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spotter.errors import ConfigError
from spotter.synthesis.accents import without_accents
from spotter.synthesis.fonts import FontBank
from spotter.synthesis.layout import Arc, box_quads, paste, sampled_outline, set_text
from spotter.synthesis.pages.runs import bent_run, set_run, wavy_run
from spotter.synthesis.text import TextSource

_LONGEST_CURVE = 2400  # pixels of the straight line


@dataclass
class SetWord:
    """One word of a block.

    Attributes:
        text: What it says.
        polygon: (4, 2), or (2n, 2) on a bent line, float32 around its ink, clockwise from the
            first character's top-left corner, in pixels of the block.
        characters: (L, 4, 2) float32 around the ink of each character.
    """

    text: str
    polygon: np.ndarray
    characters: np.ndarray


@dataclass
class TextBlock:
    """Words set in one font and size.

    Attributes:
        ink: (H, W) uint8 coverage, cropped to the ink.
        words: The words, line by line.
        line_height: Height of a capital letter in pixels.
    """

    ink: np.ndarray
    words: list[SetWord]
    line_height: float


@dataclass
class TextLine:
    """A line of words.

    Attributes:
        ink: (H, W) uint8 coverage.
        words: The words, their polygons in pixels of ``ink``.
        baseline: Row on which the letters stand.
    """

    ink: np.ndarray
    words: list[SetWord]
    baseline: int


def block_words(rng: np.random.Generator, source: TextSource) -> list[list[str]]:
    """Lines of words: a name, the lines of a sign, or a paragraph."""
    shape = rng.random()
    if shape < 0.35:
        counts = [1 + int(rng.random() * 2)]
    elif shape < 0.78:
        counts = [1 + int(value * 3) for value in rng.random(1 + int(rng.random() * 3))]
    else:
        longest = 3 + int(rng.random() * 4)
        counts = [longest] * (2 + int(rng.random() * 4)) + [1 + int(rng.random() * longest)]
    lines = [[source.sample(rng) for _ in range(count)] for count in counts]
    if rng.random() < 0.45:
        lines = [[word.upper() for word in line] for line in lines]
    return lines


def set_block(
    rng: np.random.Generator, fonts: FontBank, lines: list[list[str]], size: int
) -> TextBlock:
    """Set lines of words in one font.

    Args:
        rng: Source of all randomness.
        fonts: Fonts to choose from.
        lines: Words of each line, at least one in all.
        size: Pixels per em.

    Raises:
        ConfigError: No font draws the words.
    """
    try:
        font = _common_font(rng, fonts, lines)
    except ConfigError:
        # No font draws all of these letters: as a typist without the accents would write them.
        lines = [[_plain(word) for word in line] for line in lines]
        font = _common_font(rng, fonts, lines)
    spacing = rng.normal(0.0, 0.025) if rng.random() < 0.8 else 0.2 * rng.random()
    gap = size * (0.24 + 0.2 * rng.random() + max(0.0, spacing))
    if rng.random() < 0.02 and sum(map(len, lines)) == 1 and len(lines[0][0]) < 9:
        rows = [_set_vertical(fonts, font, lines[0][0], size)]
    else:
        rows = [set_line(fonts, font, words, size, spacing, gap) for words in lines]
    if len(rows) == 1 and rng.random() < 0.12 and rows[0].ink.shape[1] > 1.5 * size:
        rows = [_bent(rows[0], float(np.clip(rng.normal(0, 0.7), -1.6, 1.6)))]
    leading = size * (1.0 + 0.45 * rng.random() ** 1.5)
    alignment = (0.0, 0.0, 0.5, 1.0)[int(rng.random() * 4)]
    block = _stack(rows, leading, alignment)
    return TextBlock(*block, line_height=float(fonts.glyph(font, "H", size).alpha.shape[0]))


def _common_font(rng: np.random.Generator, fonts: FontBank, lines: list[list[str]]) -> int:
    letters = "".join(sorted({char for words in lines for word in words for char in word}))
    return fonts.choose(rng, letters)


def set_curved_block(
    rng: np.random.Generator, fonts: FontBank, source: TextSource, size: int
) -> TextBlock:
    """Set one to six words along an arc, a circle or a wave, as logos, seals and bottles have them.

    Args:
        rng: Source of all randomness.
        fonts: Fonts to choose from.
        source: What the words say.
        size: Pixels per em.

    Raises:
        ConfigError: No font draws any text.
    """
    shape = rng.random()
    circle = shape > 0.6
    words = source.phrase(rng, (2 if circle else 1) + int(rng.random() * (5 if circle else 3)))
    if rng.random() < 0.3:
        words[-1] = source.sample(rng)
    try:
        font = _common_font(rng, fonts, [words])
    except ConfigError:
        words = [_plain(word) for word in words]
        font = _common_font(rng, fonts, [words])
    text, spacing = " ".join(words), 0.12 * rng.random()
    run = set_run(fonts, font, text, size, spacing)
    if run is not None and run.shape[1] > _LONGEST_CURVE:
        run = set_run(fonts, font, text, int(size * _LONGEST_CURVE / run.shape[1]), spacing)
    if run is None:
        raise ConfigError(f"nothing of {words!r} is inked")
    tall, wide = run.shape
    upwards = 1 if rng.random() < 0.65 else -1
    if shape < 0.25:
        height = run.capital * (0.2 + 0.5 * rng.random())
        waves = wide / tall * (0.06 + 0.14 * rng.random())
        bent = wavy_run(run, height, waves, rng.random() * 2 * np.pi)
    else:
        angle = 2.0 + 3.6 * rng.random() if circle else 0.35 + 2.0 * rng.random()
        bent = bent_run(run, upwards * angle)
    placed = [SetWord(word.text, word.polygon, word.characters) for word in bent.words]
    return TextBlock(bent.ink, placed, run.capital)


def _plain(word: str) -> str:
    """The ASCII characters of a word without its accents; ``-`` where there are none."""
    return "".join(char for char in without_accents(word) if char.isascii()) or "-"


def set_line(
    fonts: FontBank, font: int, words: list[str], size: int, spacing: float, gap: float
) -> TextLine:
    """Set words side by side on one baseline.

    Args:
        fonts: Where the glyphs come from.
        font: Index of a font that covers the words.
        words: At least one.
        size: Pixels per em.
        spacing: Extra distance between characters, in em.
        gap: Pixels between words.
    """
    masks = [set_text(fonts, font, word, size, spacing) for word in words]
    baseline = max(mask.baseline for mask in masks)
    height = baseline + max(mask.alpha.shape[0] - mask.baseline for mask in masks)
    width = sum(mask.alpha.shape[1] for mask in masks) + int(gap) * (len(masks) - 1)
    ink = np.zeros((height, width), np.uint8)
    placed, x = [], 0
    for word, mask in zip(words, masks, strict=True):
        y = baseline - mask.baseline
        paste(ink, mask.alpha, x, y)
        tall, wide = mask.alpha.shape
        corners = box_quads(np.array([[x, y, x + wide, y + tall]]))[0]
        characters = mask.quads + np.array([x, y], np.float32)
        placed.append(SetWord(fonts.spelled(font, word), corners, characters))
        x += wide + int(gap)
    return TextLine(ink, placed, baseline)


def _set_vertical(fonts: FontBank, font: int, word: str, size: int) -> TextLine:
    """One word with its letters below each other; its first character is on top."""
    mask = set_text(fonts, font, word, size, vertical=True)
    height, width = mask.alpha.shape
    corners = box_quads(np.array([[0, 0, width, height]]))[0]
    return TextLine(mask.alpha, [SetWord(fonts.spelled(font, word), corners, mask.quads)], height)


def _bent(line: TextLine, angle: float) -> TextLine:
    height, width = line.ink.shape
    arc = Arc(width, height, angle)
    words = []
    for word in line.words:
        box = np.concatenate([word.polygon.min(axis=0), word.polygon.max(axis=0)])
        outline = arc.points(sampled_outline(box, 6))
        words.append(SetWord(word.text, outline, arc.points(word.characters)))
    return TextLine(arc.mask(line.ink), words, height)


def _stack(
    rows: list[TextLine], leading: float, alignment: float
) -> tuple[np.ndarray, list[SetWord]]:
    width = max(row.ink.shape[1] for row in rows)
    tops = [round(number * leading) - row.baseline for number, row in enumerate(rows)]
    low = min(tops)
    height = max(top - low + row.ink.shape[0] for top, row in zip(tops, rows, strict=True))
    ink = np.zeros((height, width), np.uint8)
    words = []
    for top, row in zip(tops, rows, strict=True):
        x = int((width - row.ink.shape[1]) * alignment)
        paste(ink, row.ink, x, top - low)
        move = np.array([x, top - low], np.float32)
        words += [SetWord(w.text, w.polygon + move, w.characters + move) for w in row.words]
    if not words:
        raise ConfigError("a block of text needs at least one word")
    return ink, words
