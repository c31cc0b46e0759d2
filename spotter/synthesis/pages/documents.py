"""Documents: letters, book pages, columns of a newspaper, lists of questions and notes."""

from __future__ import annotations

import numpy as np

from spotter.synthesis import formats
from spotter.synthesis.pages.page import Page


def paper(page: Page) -> np.ndarray:
    """Fill the page with a colour of paper; returns it."""
    shape = page.rng.random()
    if shape < 0.55:
        color: np.ndarray = np.full(3, page.between(243, 255), np.float32)
    elif shape < 0.8:
        color = np.array([225, 240, 248], np.float32) + page.rng.normal(0, 6, 3).astype(np.float32)
    else:
        color = page.between(190, 240) + page.rng.normal(0, 8, 3).astype(np.float32)
    color = np.clip(color, 0, 255).astype(np.float32)
    page.fill(color)
    return color


def print_ink(page: Page, ground: np.ndarray) -> np.ndarray:
    """A colour of print: black on light paper most often."""
    if page.chance(0.75):
        value = page.between(0, 70)
        return np.clip(value + page.rng.normal(0, 5, 3), 0, 255).astype(np.float32)
    return page.contrast(ground, 100.0)


def paragraph(
    page: Page,
    left: float,
    top: float,
    width: float,
    bottom: float,
    font: int,
    size: float,
    color: np.ndarray,
    leading: float,
    justified: bool = False,
) -> float:
    """Running text in a column.

    Args:
        page: What is written on.
        left: Column where lines start.
        top: Row of the first baseline.
        width: Width of the lines in pixels.
        bottom: Last row that a baseline may have.
        font: Index of the font.
        size: Pixels per em.
        color: (3,) BGR.
        leading: Distance of baselines in em.
        justified: Whether gaps are widened so that lines end in one column.

    Returns:
        Row of the next baseline.
    """
    y = top
    lines = int(page.between(2, 9))
    per_line = max(2, int(width / (size * 2.6)))
    words = page.source.sentence(page.rng, int(lines * per_line * 1.1) + 2)
    while words and y <= bottom:
        line, words = words[:per_line], words[per_line:]
        run = page.run(" ".join(line), font, size)
        while run is not None and run.advance > width and len(line) > 1:
            keep = max(1, min(len(line) - 1, int(len(line) * width / run.advance)))
            line, words = line[:keep], line[keep:] + words
            run = page.run(" ".join(line), font, size)
        if run is not None and justified and words and len(line) > 2:
            space = max(1.0, page.fonts.glyph(font, " ", round(size)).advance)
            gap = 1 + (width - run.advance) / (space * (len(line) - 1))
            if gap < 3:
                run = page.run(" ".join(line), font, size, gap=gap) or run
        if run is not None and run.advance <= width * 1.02:
            page.put(run, left + run.left, y - run.baseline, color)
        y += size * leading
    return y


def heading(
    page: Page, x: float, y: float, room: float, font: int, size: float, color: np.ndarray
) -> float:
    """A title of one to five words; returns the row of the next baseline."""
    words = page.source.phrase(page.rng, 1 + int(page.rng.random() * 5))
    page.write(" ".join(words), x, y, font, size, color, room=room)
    return y + size * 1.5


def document(page: Page) -> None:
    """Paragraphs in one column, from dense small print to large letters."""
    ground = paper(page)
    color = print_ink(page, ground)
    font = page.font(0.8)
    size = float(np.clip(np.exp(page.rng.normal(2.95, 0.28)), 13, 44))
    margin = page.between(0.02, 0.12) * page.width
    leading = page.between(1.15, 1.7)
    justified = page.chance(0.35)
    title = page.font(0.6) if page.chance(0.4) else font
    bottom = page.height - page.between(0.01, 0.3) * page.height
    y = margin * 0.6 + size * 1.5
    while y < bottom:
        if page.chance(0.3):
            large = size * page.between(1.1, 2.0)
            y = heading(page, margin, y + large * 0.4, page.width - 2 * margin, title, large, color)
        indent = size * 1.5 if page.chance(0.3) else 0
        if indent:
            mark = (
                formats.ordinal(page.rng)
                if page.chance(0.6)
                else page.source.spelled("•", page.rng)
            )
            page.write(mark, margin, y, font, size, color, room=indent * 1.6)
            indent *= 1.8
        width = page.width - 2 * margin - indent
        y = paragraph(
            page, margin + indent, y, width, bottom, font, size, color, leading, justified
        )
        y += size * page.between(0.0, 0.9)
    if page.chance(0.5):
        page.write(
            formats.digits(page.rng, 2), page.width / 2, page.height - size * 0.4, font, size, color
        )


def columns(page: Page) -> None:
    """Two or three columns of text, as in papers, leaflets and opening hours."""
    ground = paper(page)
    color = print_ink(page, ground)
    font = page.font(0.8)
    size = float(np.clip(np.exp(page.rng.normal(2.85, 0.25)), 13, 34))
    count = 2 if page.chance(0.75) else 3
    margin = page.between(0.02, 0.07) * page.width
    gutter = size * page.between(1.0, 2.5)
    width = (page.width - 2 * margin - gutter * (count - 1)) / count
    top = margin + size
    if page.chance(0.6):
        large = size * page.between(1.4, 3.0)
        top = heading(
            page, margin, top + large * 0.5, page.width - 2 * margin, page.font(0.5), large, color
        )
        top += size * 0.5
    leading, justified = page.between(1.15, 1.6), page.chance(0.5)
    for column in range(count):
        left = margin + column * (width + gutter)
        y, bottom = top, page.height - margin
        if page.chance(0.25):
            bottom -= page.between(0, 0.5) * page.height
        while y < bottom:
            if page.chance(0.25):
                y = heading(page, left, y, width, font, size * 1.2, color)
            y = paragraph(page, left, y, width, bottom, font, size, color, leading, justified)
            y += size * page.between(0.1, 0.9)
    if page.chance(0.3) and count == 2:
        x = margin + width + gutter / 2
        page.box(x, top - size, x, page.height - margin, color, 1)


def word_list(page: Page) -> None:
    """Large single words in a column, with and without marks behind them: cards, lists, quizzes."""
    ground = paper(page)
    color = print_ink(page, ground)
    font = page.font(0.3)
    size = page.between(18, 52)
    y, leading = size * page.between(1.1, 2), page.between(1.2, 2.2)
    left = page.between(0.02, 0.3) * page.width
    while y < page.height - size * 0.3:
        text = page.source.sample(page.rng)
        if page.chance(0.3):
            text = " ".join([text, page.source.sample(page.rng)])
        end = page.write(text, left, y, font, size, color, room=page.width - left)
        if page.chance(0.25) and end + size * 3 < page.width:
            page.write(
                formats.single(page.rng),
                page.between(end + size, page.width - size),
                y,
                font,
                size,
                color,
            )
        y += size * leading
