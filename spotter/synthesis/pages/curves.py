"""Words along circles, arcs and waves: seals, logos, bottle tops, badges."""

from __future__ import annotations

import cv2
import numpy as np

from spotter.synthesis import formats
from spotter.synthesis.pages.page import Page
from spotter.synthesis.pages.posters import fitted, ground
from spotter.synthesis.pages.runs import Run, bent_run, wavy_run
from spotter.synthesis.pages.screens import text_color


def ring_text(page: Page, font: int, size: float, length: float) -> str:
    """Words that fill a line of about a length in pixels."""
    upper = page.chance(0.6)
    words: list[str] = []
    for _ in range(10):
        more = page.source.sample(page.rng)
        if page.chance(0.85):
            more = page.source.phrase(page.rng, 1)[0]
        more = more.upper() if upper else more
        run = page.run(" ".join([*words, more]), font, size)
        if run is not None and run.advance <= length:
            words.append(more)
    return " ".join(words)


def arc_at(
    page: Page,
    centre: tuple[float, float],
    radius: float,
    font: int,
    size: float,
    span: float,
    upper: bool,
) -> tuple[Run, int, int] | None:
    """A run along a circle around a centre, and where its corner lies.

    Args:
        page: Where it is to stand.
        centre: x, y of the circle.
        radius: Of the middle of the letters, in pixels.
        font: Index of the font.
        size: Pixels per em.
        span: Radians that it may take.
        upper: Whether it runs over the top, else under the bottom, letters upright in both.
    """
    text = ring_text(page, font, size, radius * span)
    spacing = page.between(0.0, 0.15)
    run = page.run(text, font, size, spacing) if text else None
    if run is None or run.advance > radius * span * 1.1:
        return None
    angle = run.shape[1] / radius * (1 if upper else -1)
    bent = bent_run(run, angle)
    half = run.shape[0] / 2
    extreme = centre[1] - radius - half if upper else centre[1] + radius + half
    points = np.concatenate([word.polygon for word in bent.words])
    x = centre[0] - (points[:, 0].min() + points[:, 0].max()) / 2
    y = extreme - (points[:, 1].min() if upper else points[:, 1].max())
    return bent, round(x), round(y)


def seal(page: Page) -> None:
    """Round seals, badges or bottle tops, and straight lines beside them."""
    ground(page, 0.35)
    largest = 0.47 if page.chance(0.5) else 0.3
    for _ in range(1 + int(page.rng.random() * 5)):
        radius = min(page.height, page.width) * page.between(0.17, largest)
        centre = (
            page.between(radius, page.width - radius),
            page.between(radius, page.height - radius),
        )
        low = np.maximum(np.round(np.array(centre) - radius).astype(int), 0)
        high = np.round(np.array(centre) + radius).astype(int)
        if not page.ink[low[1] : high[1], low[0] : high[0]].any():
            _one_seal(page, centre, radius)
    font, size = page.font(0.3), page.between(16, 60)
    for _ in range(int(page.rng.random() * 6)):
        x, y = page.between(0, 0.7) * page.width, page.between(0.05, 0.98) * page.height
        words = page.source.phrase(page.rng, 1 + int(page.rng.random() * 3))
        words[-1] = page.source.sample(page.rng) if page.chance(0.3) else words[-1]
        color = text_color(page, (x, y - size), (int(size), page.width // 4))
        page.write(" ".join(words), x, y, font, size, color, room=page.width - x)


def _one_seal(page: Page, centre: tuple[float, float], radius: float) -> None:
    """A disk with text around its rim, above and below or all around, and a word in its middle."""
    middle = (round(centre[0]), round(centre[1]))
    low = (centre[0] - radius, centre[1] - radius)
    if page.chance(0.8):
        disk = np.float32(page.rng.random(3) * 255)
        cv2.circle(page.image, middle, round(radius), tuple(map(float, disk)), -1, cv2.LINE_AA)
        color = page.contrast(disk, 90)
        if page.chance(0.5):
            paint = tuple(map(float, color))
            cv2.circle(page.image, middle, round(radius * 0.95), paint, 2, cv2.LINE_AA)
    else:
        color = text_color(page, low, (int(2 * radius), int(2 * radius)))
    font = page.font(0.1)
    size = radius * page.between(0.14, 0.34)
    ring = radius * 0.93 - size * 0.5
    split = page.chance(0.65)
    for upper in (True, False) if split else (page.chance(0.8),):
        span = page.between(1.5, 2.7) if split else page.between(1.6, 5.6)
        placed = arc_at(page, centre, ring, font, size, span, upper)
        if placed is not None:
            page.put(placed[0], placed[1], placed[2], color)
    inner = ring - size * 1.2
    word = page.source.phrase(page.rng, 1)[0]
    text = word if page.chance(0.6) else page.source.sample(page.rng)
    run = fitted(page, text, font, inner * 1.3, inner * page.between(0.3, 0.8))
    if run is not None and run.capital > 9:
        page.put(run, centre[0] - run.shape[1] / 2, centre[1] - run.shape[0] / 2, color)


def curved_lines(page: Page) -> None:
    """Lines that arch, sag or wave, one below the other: packages, banners, shop signs."""
    ground(page, 0.3)
    y = page.height * page.between(0.02, 0.15)
    plain = page.chance(0.5)
    while y < page.height * 0.92:
        font = page.font(0.0)
        text = ring_text(page, font, 40, 40 * page.between(2, 14))
        run = (
            fitted(
                page,
                text,
                font,
                page.width * page.between(0.3, 0.85),
                page.height * page.between(0.05, 0.25),
            )
            if text
            else None
        )
        if run is None or run.capital < 10:
            y += 20
            continue
        shape = page.rng.random()
        if shape < 0.3:
            bent = wavy_run(
                run,
                run.capital * page.between(0.2, 0.7),
                run.shape[1] / run.capital * page.between(0.06, 0.2),
                page.between(0, 6.3),
            )
        else:
            bent = bent_run(run, page.between(0.35, 2.6) * (1 if page.chance(0.6) else -1))
        tall, wide = bent.shape
        if wide < page.width and y + tall < page.height:
            x = page.between(0, page.width - wide)
            color = text_color(page, (x, y), bent.shape)
            page.put(bent, x, y, color, paint=None if plain else page.painted(run.capital))
        y += tall * page.between(1.0, 1.3) + 8
        if page.chance(0.3):
            size = page.between(16, 40)
            line = f"{' '.join(page.source.phrase(page.rng, 2))} {formats.measure(page.rng)}"
            color = text_color(page, (0, y), (int(size), page.width))
            page.write(line, page.width * page.between(0.02, 0.4), y + size, font, size, color)
            y += size * 1.7
