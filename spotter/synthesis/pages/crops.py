"""Word crops cut out of pages, to train a recognizer on the pages that a detector is trained on."""

from __future__ import annotations

from typing import Any

import numpy as np

from spotter.geometry import crop_polygon
from spotter.synthesis.pages.outlines import grow_outline, outline_height

LEAST_HEIGHT = 9.0
_LARGEST_HEIGHT = 64
_MARGIN = 0.1
_JITTER = 0.06
_MOST_SINGLES = 12  # of a page full of single characters


def page_crops(
    page: dict[str, Any], rng: np.random.Generator, most: int = 60
) -> list[tuple[np.ndarray, str]]:
    """The legible words of a page, cut out upright along their reading direction.

    Columns of upright letters are left out: a reader lays them out in a line first. Each side keeps
    a tenth of the word's height around the ink, more or less by chance.

    Args:
        page: A result of :meth:`PageSynthesizer.sample`.
        rng: Source of all randomness.
        most: Words that one page gives at most, chosen by chance, so that pages of small print do
            not drown all others.

    Returns:
        Crops (h, w, 3) uint8, 9 to 64 pixels high, and their labels.
    """
    words = [word for word in page["instances"] if not word["ignore"]]
    words = [
        word
        for word in words
        if outline_height(word["polygon"]) >= LEAST_HEIGHT and not _vertical(word)
    ]
    words = _thinned(words, rng)
    if len(words) > most:
        words = [words[place] for place in np.sort(rng.permutation(len(words))[:most])]
    crops = []
    for word in words:
        height = outline_height(word["polygon"])
        room = np.clip(rng.normal(_MARGIN, _JITTER, 4), -0.03, 0.3) * height
        outline = grow_outline(word["polygon"], *room.tolist())
        tall = height + float(room[0] + room[1])
        limit = _LARGEST_HEIGHT if tall > _LARGEST_HEIGHT else None
        crops.append((crop_polygon(page["img"], outline, limit), word["text"]))
    return crops


def _thinned(words: list[dict[str, Any]], rng: np.random.Generator) -> list[dict[str, Any]]:
    """The words with at most ``_MOST_SINGLES`` single characters, chosen by chance."""
    singles = [place for place, word in enumerate(words) if len(word["text"]) == 1]
    dropped = set(rng.permutation(singles)[_MOST_SINGLES:].tolist())
    return [word for place, word in enumerate(words) if place not in dropped]


def _vertical(word: dict[str, Any]) -> bool:
    """Whether the letters stand below each other."""
    polygon = word["polygon"]
    wide = float(np.linalg.norm(polygon[len(polygon) // 2 - 1] - polygon[0]))
    return len(word["text"]) > 2 and outline_height(polygon) > 2 * wide
