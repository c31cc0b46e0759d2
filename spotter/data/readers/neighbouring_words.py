"""Words that stand side by side on a line, as one text with spaces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from spotter.data.readers.base import Reader, built_reader
from spotter.registry import READERS

_LARGEST_SINE = 0.1
"""Of the angle between two words of a line."""

_LEAST_OVERLAP, _HEIGHT_RATIO = 0.5, 3.0
"""Of two words of a line: how much of the lower one's height the higher one shares, and how many
times as high it may be."""

_OVERLAP = 0.3
"""Outlines with room around the words may share so much, as a share of the height."""


@READERS.register_module()
class NeighbouringWordsReader(Reader):
    """The photos of a detection reader, with runs of neighbouring words in place of words.

    Such runs teach a recognizer what a space looks like (charset ``latin_spaces``): detectors join
    words that stand close. The words of a run follow each other on one straight line; its polygon
    is the smallest quadrilateral along the first word that holds all of them, its text is theirs,
    separated by spaces. Photos without a run are left out.

    Args:
        reader: Canonical samples of photos, such as a detection reader, or a reader's config.
        most_words: Of a run. All runs of two up to so many words are given.
        widest_space: Between two words, as a share of the height of the higher one.
        max_length: Longest text of a run, with its spaces.
    """

    def __init__(
        self,
        reader: Iterable[Mapping[str, Any]] | Mapping[str, Any],
        most_words: int = 3,
        widest_space: float = 1.0,
        max_length: int = 32,
    ) -> None:
        photos = built_reader(reader)
        self._photos: list[dict[str, Any]] = []
        for photo in photos:
            runs = _runs(photo["instances"], most_words, widest_space)
            runs = [run for run in runs if len(run["text"]) <= max_length]
            if runs:
                self._photos.append({**photo, "instances": runs})
        super().__init__()
        self.refusals = list(getattr(photos, "refusals", ()))

    def _total(self) -> int:
        return len(self._photos)

    def _read(self, index: int) -> dict[str, Any]:
        photo = self._photos[index]
        return {**photo, "instances": [{**run} for run in photo["instances"]]}


def _runs(
    words: list[dict[str, Any]], most_words: int, widest_space: float
) -> list[dict[str, Any]]:
    words = [word for word in words if len(word["polygon"]) == 4]
    quads = np.array([word["polygon"] for word in words], np.float32).reshape(-1, 4, 2)
    after = _next_words(quads, widest_space)
    runs = []
    for first in range(len(words)):
        members = [first]
        while (
            len(members) < most_words
            and _legible(words[members[-1]])
            and (following := after[members[-1]]) is not None
            and following not in members
            and _legible(words[following])
        ):
            members.append(following)
            text = " ".join(words[member]["text"] for member in members)
            runs.append({"polygon": _around(quads[members]), "text": text, "ignore": False})
    return runs


def _stands(word: dict[str, Any]) -> bool:
    """Whether three or more letters are higher than wide: they run up, down, or in a column."""
    quad = np.asarray(word["polygon"], np.float32)
    wide, high = np.linalg.norm(quad[1] - quad[0]), np.linalg.norm(quad[3] - quad[0])
    return len(word["text"] or "") >= 3 and bool(high > wide)


def _legible(word: dict[str, Any]) -> bool:
    return not word["ignore"] and bool(word["text"]) and not _stands(word)


def _axes(quads: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors (N, 2) along words (N, 4, 2) and down."""
    along = quads[:, 1] + quads[:, 2] - quads[:, 0] - quads[:, 3]
    along = along / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-6)
    return along, np.stack([-along[:, 1], along[:, 0]], axis=1)


def _next_words(quads: np.ndarray, widest_space: float) -> list[int | None]:
    """Of each word, the one that follows on the line, even if it is illegible."""
    alongs, downs = _axes(quads)
    return [
        _next_word(quads, index, alongs, downs[index], widest_space) for index in range(len(quads))
    ]


def _next_word(
    quads: np.ndarray, index: int, alongs: np.ndarray, down: np.ndarray, widest_space: float
) -> int | None:
    along = alongs[index]
    x, y = quads @ along, quads @ down
    left, right, top, bottom = x.min(1), x.max(1), y.min(1), y.max(1)
    heights = bottom - top
    overlap = np.minimum(bottom, bottom[index]) - np.maximum(top, top[index])
    lower = np.minimum(heights, heights[index])
    higher = np.maximum(heights, heights[index])
    space = left - right[index]
    sine = np.abs(alongs[:, 0] * along[1] - alongs[:, 1] * along[0])
    on_line = (
        (overlap > _LEAST_OVERLAP * lower)
        & (higher < _HEIGHT_RATIO * np.maximum(lower, 1e-6))
        & (sine < _LARGEST_SINE)
        & (x.mean(1) > right[index])
        & (space > -_OVERLAP * higher)
    )
    on_line[index] = False
    if not on_line.any():
        return None
    nearest = int(np.where(on_line, space, np.inf).argmin())
    return nearest if space[nearest] <= widest_space * higher[nearest] else None


def _around(quads: np.ndarray) -> np.ndarray:
    """(4, 2) float32: the quadrilateral along the first word that holds all words (n, 4, 2)."""
    [along], [down] = _axes(quads[:1])
    x, y = quads @ along, quads @ down
    corners = [(x.min(), y.min()), (x.max(), y.min()), (x.max(), y.max()), (x.min(), y.max())]
    return np.array([a * along + b * down for a, b in corners], np.float32)
