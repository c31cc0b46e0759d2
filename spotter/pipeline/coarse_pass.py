"""A second pass at a smaller scale, for words that are too large for the first pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spotter.geometry import pairwise_overlaps, short_side
from spotter.structures import TextInstance

_DUPLICATE_SHARE = 0.5


@dataclass(frozen=True)
class CoarsePass:
    """A second, coarser pass over each photo, for its large words.

    A detector finds small words when the photo is enlarged, but large words then exceed its
    receptive field and are found in pieces.

    Attributes:
        scale: Factor by which the photo is enlarged in this pass.
        min_height: Words of this pass are used if their short side has at least this many pixels
            of the pass's input.
        postprocessing: Arguments of the post-processor in this pass.
    """

    scale: float
    min_height: float
    postprocessing: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The attributes by name, as a preset has them; no empty ``postprocessing``."""
        options = {"postprocessing": dict(self.postprocessing)} if self.postprocessing else {}
        return {"scale": self.scale, "min_height": self.min_height, **options}


def add_large_words(
    words: Sequence[TextInstance], coarse: Sequence[TextInstance], min_height: float
) -> list[TextInstance]:
    """Merge the words of two passes: large words of the coarse pass replace their pieces.

    Args:
        words: Of the fine pass.
        coarse: Of the coarse pass, in the same pixels.
        min_height: Words of the coarse pass are used if their short side has at least this many of
            these pixels.

    Returns:
        The words of the fine pass that share no more than half of either's area with a large one,
        then the large ones.
    """
    large = [word for word in coarse if short_side(word.polygon) >= min_height]
    if not large or not words:
        return [*words, *large]
    overlaps = pairwise_overlaps([w.polygon for w in words], [w.polygon for w in large])
    share = np.maximum(overlaps.first_share, overlaps.second_share).max(axis=1)
    kept = [word for word, each in zip(words, share, strict=True) if each <= _DUPLICATE_SHARE]
    return [*kept, *large]
