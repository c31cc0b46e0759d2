"""Where characters would stand in the frames if they were spaced evenly.

At the start of training CTC says "blank" everywhere and takes thousands of iterations to leave that
plateau. A cross-entropy against the evenly spaced alignment, faded out once characters are told
apart, ends it within minutes.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

UNDECIDED = -100
"""Frames near the border between two characters, of which nothing is asked."""

# Text seldom touches the crop's border; and a frame this far from a character's centre, as a share
# of the characters' distance, lies between two of them.
_BORDER = 0.03
_BETWEEN = 0.38


def evenly_spaced_targets(
    tokens: Sequence[Sequence[int]], frames: Sequence[int], total: int, blank: int
) -> Tensor:
    """Class of every frame under the even alignment.

    Args:
        tokens: The characters' classes of each word.
        frames: Number of frames of each word that are not padding.
        total: T, number of frames of the batch.
        blank: Class of the blank.

    Returns:
        (N, T) int64: one frame per character has its class, frames between characters the blank,
        all others and the padding :data:`UNDECIDED`. A word with fewer than two frames per
        character is undecided throughout.
    """
    targets = torch.full((len(tokens), total), UNDECIDED, dtype=torch.long)
    for row, word, valid in zip(targets, tokens, frames, strict=True):
        if not word or 2 * len(word) > valid:
            continue
        inner = 1 - 2 * _BORDER
        shares = (torch.arange(valid) + 0.5) / valid
        place = (shares - _BORDER) / inner * len(word) - 0.5
        nearest = place.round().clamp(0, len(word) - 1)
        row[:valid][(place - nearest).abs() > _BETWEEN] = blank
        centres = (_BORDER + inner * (torch.arange(len(word)) + 0.5) / len(word)) * valid
        row[centres.long().clamp(max=valid - 1)] = torch.tensor(list(word))
    return targets
