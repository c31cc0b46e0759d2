"""The records that methods and alignments exchange: readings of teachers, outputs of students."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from torch import Tensor

from spotter.methods.recognizers import encoder_of
from spotter.models.recognition.four_stage import valid_ratios_of
from spotter.structures import TextRecSample


class Encoded(NamedTuple):
    """A batch after the first three stages of a recognizer.

    Attributes:
        visual: (N, T, C) frames of the visual features, before sequence modeling.
        frames: (N, T, C') what the prediction stage reads.
        mask: (N, T) bool, true where a frame shows the crop; ``None``: everywhere.
        height: Rows of the feature map if the frames are flattened, else 1.
    """

    visual: Tensor
    frames: Tensor
    mask: Tensor | None
    height: int


def encode(recognizer: Any, images: Tensor, samples: Sequence[TextRecSample] | None) -> Encoded:
    """Run the first three stages on images (N, 3, H, W)."""
    encoder, ratios = encoder_of(recognizer), valid_ratios_of(samples)
    visual = encoder.extract(images, ratios)
    mask = encoder.frame_mask(visual, ratios)
    frames = encoder.model_sequence(visual, mask)
    if encoder.prediction.flatten_height:
        return Encoded(visual.permute(0, 3, 2, 1).flatten(1, 2), frames, mask, visual.shape[2])
    return Encoded(visual.mean(2).transpose(1, 2), frames, mask, 1)


@dataclass
class Reading:
    """A teacher's predictions for N crops at S steps (frames, for CTC).

    Attributes:
        logits: (N, S, K) fp32, without gradients.
        tokens: (N, S) the predicted class; PAD behind the end of an autoregressive decoder's word.
        valid: (N, S) bool, true for the steps of the word: up to and with its end; for CTC the
            frames that show the crop.
        scores: (N, S) probabilities that say how sure the reading is.
        counted: (N, S) bool, which of ``scores`` exist: one per character and end token; for CTC
            one per run of equal frames that are not blank.
        empty: (N,) bool, nothing legible was found.
    """

    logits: Tensor
    tokens: Tensor
    valid: Tensor
    scores: Tensor
    counted: Tensor
    empty: Tensor

    @cached_property
    def probabilities(self) -> Tensor:
        """(N, S, K) softmax of the logits."""
        return self.logits.softmax(-1)

    @property
    def classes(self) -> Tensor:
        """(N, S) tokens that a classifier knows: 0 behind the end of a word."""
        return self.tokens.masked_fill(~self.valid, 0)


class Answer(NamedTuple):
    """A student's predictions at the steps of a teacher's reading.

    Attributes:
        logits: (N, S, K).
        features: (N, S, C) the vectors that the steps attended to: glimpses, or frames for CTC.
        valid: (N, S) bool, false where the student has ended its own word already.
    """

    logits: Tensor
    features: Tensor
    valid: Tensor


class Characters(NamedTuple):
    """Character vectors of labelled crops.

    Attributes:
        features: (N, S, C).
        real: (N, S) bool, true where a character was predicted, not an end or a blank.
        scores: (N, S), see :class:`Reading`.
        counted: (N, S), see :class:`Reading`.
    """

    features: Tensor
    real: Tensor
    scores: Tensor
    counted: Tensor
