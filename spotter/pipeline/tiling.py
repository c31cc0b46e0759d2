"""Detection in windows of a large photo, and the merge of the words of several windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from spotter.geometry import pairwise_overlaps, short_side
from spotter.structures import TextInstance

_DUPLICATE_SHARE = 0.5
_BORDER = 4.0
_RIM = 32


@dataclass(frozen=True)
class SearchedWindow:
    """A window of a photo and the words that the detector found in it.

    Attributes:
        box: (x0, y0, x1, y1) of the window in the photo.
        scale: Pixels of the detector's input per pixel of the photo.
        words: Detections in pixels of the photo.
    """

    box: tuple[int, int, int, int]
    scale: float
    words: list[TextInstance]


def merge_windows(windows: Sequence[SearchedWindow], width: int, height: int) -> list[TextInstance]:
    """One list of words from overlapping windows and the whole photo.

    A detection is dropped if a better one covers half of it. The better one of two is the one that
    no window border cuts; else the one that is less than a third of its window high; else the one
    at the finer scale; else the one with the higher score.

    Args:
        windows: Windows, in any order; the whole photo may be among them.
        width: Width of the photo.
        height: Height of the photo.

    Returns:
        Words without duplicates.
    """
    words, ranks = [], []
    for window in windows:
        size = min(window.box[2] - window.box[0], window.box[3] - window.box[1])
        for word in window.words:
            words.append(word)
            cut = _is_cut(word.polygon, window.box, width, height)
            large = short_side(word.polygon) > size / 3
            centre = word.polygon.mean(axis=0).tolist()
            ranks.append((cut, large, -window.scale, -word.detection_score, *centre))
    if not words:
        return []
    overlaps = pairwise_overlaps([w.polygon for w in words], [w.polygon for w in words])
    # Either side: a fragment lies inside the whole word, and a whole word contains fragments.
    share = np.maximum(overlaps.first_share, overlaps.second_share)
    kept: list[int] = []
    for index in sorted(range(len(words)), key=lambda i: ranks[i]):
        if not kept or share[index, kept].max() <= _DUPLICATE_SHARE:
            kept.append(index)
    return [words[index] for index in sorted(kept)]


def whole_words(windows: Sequence[SearchedWindow], width: int, height: int) -> list[TextInstance]:
    """As :func:`merge_windows`, without the words that reach a border of their window."""
    uncut = [
        replace(
            window,
            words=[w for w in window.words if not _is_cut(w.polygon, window.box, width, height)],
        )
        for window in windows
    ]
    return merge_windows(uncut, width, height)


def _is_cut(polygon: np.ndarray, box: tuple[int, int, int, int], width: int, height: int) -> bool:
    """Whether a word reaches a border of its window that is not the photo's border."""
    (x0, y0), (x1, y1) = polygon.min(axis=0), polygon.max(axis=0)
    return bool(
        (box[0] > 0 and x0 < box[0] + _BORDER)
        or (box[1] > 0 and y0 < box[1] + _BORDER)
        or (box[2] < width and x1 > box[2] - _BORDER)
        or (box[3] < height and y1 > box[3] - _BORDER)
    )


def without_rim(
    seen: np.ndarray, box: tuple[int, int, int, int], width: int, height: int
) -> np.ndarray:
    """A map (h, w) with zeros along those of its borders that another part shows, too.

    Args:
        seen: The map of a part.
        box: left, top, right, bottom of the part in the whole.
        width: Of the whole.
        height: Of the whole.
    """
    x0, y0, x1, y1 = box
    kept = np.zeros_like(seen)
    left, top = _RIM * (x0 > 0), _RIM * (y0 > 0)
    right, bottom = x1 - x0 - _RIM * (x1 < width), y1 - y0 - _RIM * (y1 < height)
    kept[top:bottom, left:right] = seen[top:bottom, left:right]
    return kept
