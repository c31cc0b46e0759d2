"""Words that are too large for the detector at the size at which it finds small ones."""

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

    A detector that sees a photo enlarged, for the sake of small words, finds pieces of those that
    then exceed what it can take in at once.

    Attributes:
        scale: Factor by which the photo is enlarged in this pass.
        min_height: Short side, in pixels of this pass's input, from which on its words count.
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
    """Words of two passes over a photo: the large ones of the coarse pass win over their pieces.

    Args:
        words: Of the fine pass.
        coarse: Of the coarse pass, in the same pixels.
        min_height: Short side in these pixels from which on a word of the coarse pass counts.

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
