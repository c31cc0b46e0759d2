"""Posters and signs: huge words, spaced and vertical capitals, faint, embossed, over pictures."""

from __future__ import annotations

import cv2
import numpy as np

from spotter.synthesis import formats
from spotter.synthesis.colors import paint
from spotter.synthesis.effects import blend, shift
from spotter.synthesis.pages.page import Page
from spotter.synthesis.pages.runs import Run, stack_run
from spotter.synthesis.pages.screens import text_color


def ground(page: Page, photo: float = 0.3) -> np.ndarray:
    """Fill the page with a paint or, in a share of cases, a photo; returns the mean colour."""
    page.look = "thing"
    if page.chance(photo):
        patch = page.backgrounds.patch(page.rng, page.height, page.width, closest=0.3)
        page.image[:] = patch
        if page.chance(0.5):
            page.image[:] = cv2.GaussianBlur(page.image, (0, 0), page.between(2, 8))
    else:
        page.fill(paint(page.rng))
        if page.chance(0.3):
            ramp = np.linspace(0.7, 1.2, page.height, dtype=np.float32)[:, None, None]
            page.image = np.clip(page.image * ramp, 0, 255)
    return page.image[::8, ::8].reshape(-1, 3).mean(axis=0)


def fitted(
    page: Page, text: str, font: int, width: float, height: float, spacing: float = 0.0
) -> Run | None:
    """A run as large as a box allows, at most 640 pixels per em."""
    unit = page.run(text, font, 64, spacing)
    if unit is None:
        return None
    size = 64 * min(width / unit.shape[1], height / unit.shape[0])
    return page.run(text, font, min(size * 0.98, 640), spacing)


def poster(page: Page) -> None:
    """One to four huge words, up to the whole width, and small print."""
    color = ground(page)
    font = page.font(0.0)
    y = page.height * page.between(0.0, 0.3)
    plain = page.chance(0.4)
    for _ in range(1 + int(page.rng.random() * 4)):
        words = page.source.phrase(page.rng, 1 + (page.rng.random() < 0.2))
        text = " ".join(words) if page.chance(0.8) else page.source.sample(page.rng)
        share = page.between(0.35, 1.0) if page.chance(0.7) else page.between(0.9, 1.0)
        run = fitted(page, text, font, page.width * share, page.height * page.between(0.15, 0.6))
        if run is None or y + run.shape[0] > page.height:
            break
        x = (page.width - run.shape[1]) * page.between(0, 1)
        if plain:
            page.put(run, x, y, text_color(page, (x, y), run.shape))
        else:
            page.put(run, x, y, color, paint=page.painted(run.capital))
        y += run.shape[0] + page.height * page.between(0.02, 0.15)
        if page.chance(0.3):
            font = page.font(0.0)
    size, small = page.between(15, 40), page.font(0.6)
    while y + size * 1.3 < page.height and page.chance(0.75):
        text = " ".join(page.source.sentence(page.rng, 7))
        line = text_color(page, (0, y), (int(size), page.width))
        page.write(text, page.width * 0.04, y + size, small, size, line, room=page.width * 0.92)
        y += size * 1.5


def sign(page: Page) -> None:
    """A sign with three to seven centred or ranged lines."""
    color = ground(page, 0.05)
    text_colour = page.contrast(color, 90)
    font = page.font(0.2)
    size = page.between(26, 100)
    align = (0.0, 0.5, 0.5, 1.0)[int(page.rng.random() * 4)]
    margin = page.width * 0.05
    x = margin + (page.width - 2 * margin) * align
    y = size * page.between(1.2, 3)
    while y < page.height - size * 0.3:
        words = page.source.phrase(page.rng, 1 + int(page.rng.random() * 4))
        if page.chance(0.35):
            words[-1] = page.source.sample(page.rng)
        page.write(" ".join(words), x, y, font, size, text_colour, align, page.width - 2 * margin)
        y += size * page.between(1.25, 1.8)
        if page.chance(0.15):
            size = max(18, size * page.between(0.5, 1.2))


def spaced(page: Page) -> None:
    """Capitals set far apart, a word a line or two, over lines set as usual."""
    color = page.contrast(ground(page, 0.1), 80)
    font = page.font(0.4)
    size = page.between(18, 64)
    y = size * page.between(1.3, 3)
    while y < page.height - size * 0.2:
        words = [
            word.upper() for word in page.source.phrase(page.rng, 1 + int(page.rng.random() * 2))
        ]
        spacing = page.between(0.25, 1.1) if page.chance(0.75) else 0.0
        unit = page.run(words[0], font, size, spacing)
        if unit is not None and unit.advance < page.width * 0.92:
            run = page.run("  ".join(words), font, size, spacing)
            text = (
                "  ".join(words)
                if run is not None and run.advance < page.width * 0.92
                else words[0]
            )
            x = page.width * page.between(0.02, 0.08)
            run = page.run(text, font, size, spacing)
            if run is not None:
                page.put(run, x + run.left, y - run.baseline, color)
        y += size * page.between(1.4, 2.4)


def vertical(page: Page) -> None:
    """Columns of upright letters, as hotels hang them out, and a line or two beside."""
    color = page.contrast(ground(page, 0.2), 80)
    font = page.font(0.3)
    x = page.width * page.between(0.04, 0.3)
    while x < page.width * 0.9:
        word = page.source.phrase(page.rng, 1)[0].upper()
        if page.chance(0.1):
            word = formats.digits(page.rng, 3)
        word = page.spelled(font, word)[:12]
        if len(word) > 1:
            size = page.height * page.between(0.4, 0.95) / len(word)
            size = min(size, 200.0)
            run = stack_run(page.fonts, font, word, max(12, round(size)), page.between(0.05, 0.35))
            if run is not None:
                room = max(1.0, page.height - run.shape[0])
                page.put(run, x, page.between(0, room), color)
                x += run.shape[1]
        x += page.width * page.between(0.08, 0.4)
    size = page.between(18, 40)
    for _ in range(2):
        text = " ".join(page.source.phrase(page.rng, 3))
        page.write(
            text,
            page.between(0, 0.5) * page.width,
            page.between(0.1, 0.98) * page.height,
            font,
            size,
            color,
        )


def faint(page: Page) -> None:
    """White on white, grey on grey, embossed and engraved: low contrast, no pattern."""
    rng = page.rng
    shape = rng.random()
    base = (
        page.between(225, 255)
        if shape < 0.5
        else page.between(0, 45)
        if shape < 0.7
        else page.between(60, 220)
    )
    tone = np.clip(base + rng.normal(0, 3, 3), 0, 255).astype(np.float32)
    page.fill(tone)
    page.look = "screen" if page.chance(0.6) else "print"
    font = page.font(0.4)
    size = page.between(22, 90)
    embossed = page.chance(0.4)
    y = size * 1.4
    while y < page.height - size * 0.2:
        step = page.between(7, 40) * (-1 if base > 128 else 1)
        text = " ".join(page.source.phrase(rng, 1 + int(rng.random() * 3)))
        text = page.source.sample(rng) if page.chance(0.3) else text
        run = page.run(text, font, size)
        if run is not None and run.advance < page.width * 0.96:
            x = page.width * page.between(0.0, 0.1)
            if embossed:
                page.put(run, x, y - run.baseline, tone, paint=_relief(abs(step) + 14, size))
            else:
                page.put(run, x, y - run.baseline, np.clip(tone + step, 0, 255))
        y += size * page.between(1.2, 1.8)


def _relief(step: float, size: float):
    """Light from one side on raised letters of the ground's own colour."""

    def paint_relief(region: np.ndarray, alpha: np.ndarray) -> None:
        reach = max(1.0, size * 0.025)
        lit = np.clip(alpha - shift(alpha, reach, reach), 0, 1)
        dark = np.clip(alpha - shift(alpha, -reach, -reach), 0, 1)
        base = region.copy()
        blend(region, lit, np.clip(base + step, 0, 255))
        blend(region, dark, np.clip(base - step, 0, 255))

    return paint_relief


def watermark(page: Page) -> None:
    """A large translucent word across a picture or noise, with a small line of credit."""
    rng = page.rng
    if page.chance(0.3):
        page.image[:] = 128 + 40 * rng.standard_normal(page.image.shape, np.float32)
        np.clip(page.image, 0, 255, out=page.image)
    else:
        page.image[:] = page.backgrounds.patch(rng, page.height, page.width, closest=0.4)
    page.look = "screen"
    font = page.font(0.4)
    text = " ".join(page.source.phrase(rng, 1 + int(rng.random() * 2)))
    run = fitted(page, text, font, page.width * page.between(0.4, 0.95), page.height * 0.3)
    if run is None:
        return
    tall, wide = run.shape
    turn = np.deg2rad(page.between(-50, 50))
    color = page.contrast(page.image[::8, ::8].reshape(-1, 3).mean(axis=0), 90)
    rows = 1 if page.chance(0.6) else 3
    for row in range(rows):
        scale = (1.0 if rows == 1 else 0.6) * min(
            1.0, page.height / (wide * abs(np.sin(turn)) + tall + 1)
        )
        cos, sin = np.cos(turn) * scale, np.sin(turn) * scale
        middle = np.array([page.width / 2, page.height * (row + 0.5) / rows])
        offset = middle - np.array([[cos, -sin], [sin, cos]]) @ np.array([wide, tall]) / 2
        matrix = np.array([[cos, -sin, offset[0]], [sin, cos, offset[1]], [0, 0, 1]])
        page.lay(run, matrix, color, page.between(0.35, 0.75))
    size = page.between(15, 30)
    credit = f"{' '.join(page.source.phrase(rng, 2))} {formats.date(rng)}"
    y = page.height - size * 0.5
    page.write(
        credit, size, y, font, size, text_color(page, (0, y - size), (int(size), page.width // 2))
    )
