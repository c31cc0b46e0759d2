"""How a student's answer to one view is laid beside a teacher's reading of another.

Per-character losses need the two to speak of the same character at the same place. An attention
decoder is fed with the teacher's characters, so that its t-th step is asked for the teacher's t-th
character (context sharing, Zheng et al., CVPR 2022). A parallel decoder has a place for each
character anyway. The frames of CTC correspond where the views show the word at the same place.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spotter.errors import ConfigError
from spotter.models.recognition.four_stage import valid_ratios_of
from spotter.models.recognition.prediction import (
    AttentionPrediction,
    CTCPrediction,
    ParallelPrediction,
)
from spotter.models.recognition.prediction.base import Prediction
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
    ratios = valid_ratios_of(samples)
    visual = recognizer.extract(images, ratios)
    mask = recognizer.frame_mask(visual, ratios)
    frames = recognizer.model_sequence(visual, mask)
    if recognizer.prediction.flatten_height:
        return Encoded(visual.permute(0, 3, 2, 1).flatten(1, 2), frames, mask, visual.shape[2])
    return Encoded(visual.mean(2).transpose(1, 2), frames, mask, 1)


@dataclass
class Reading:
    """What a teacher says of N crops at S steps (frames, for CTC).

    Attributes:
        logits: (N, S, K) fp32, without gradients.
        tokens: (N, S) the class that was said; PAD behind the end of an attention decoder's word.
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
    """What a student says at the steps of a teacher's reading.

    Attributes:
        logits: (N, S, K).
        features: (N, S, C) the vectors that the steps looked at: glimpses, or frames for CTC.
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


class Alignment(ABC):
    """Reads with a teacher, and asks a student for the same characters; holds no weights."""

    @abstractmethod
    def read(self, recognizer: Any, encoded: Encoded) -> Reading:
        """The teacher's reading."""

    @abstractmethod
    def answer(
        self,
        recognizer: Any,
        encoded: Encoded,
        reading: Reading,
        projection: nn.Module | None = None,
        context_sharing: bool = True,
    ) -> Answer:
        """The student's answer at the steps of the reading.

        Args:
            recognizer: The student.
            encoded: Its own view.
            reading: The teacher's.
            projection: Applied to what the shared classifier classifies.
            context_sharing: Feed an autoregressive student with the teacher's characters;
                ``False``: with its own.
        """

    @abstractmethod
    def supervise(
        self, recognizer: Any, encoded: Encoded, samples: Sequence[TextRecSample]
    ) -> tuple[dict[str, Tensor], Characters | None]:
        """Supervised losses, and the character vectors of the labelled crops if there are any."""

    @abstractmethod
    def texts(self, recognizer: Any, reading: Reading) -> list[str]:
        """The reading as N texts."""

    def sequence_loss(self, recognizer: Any, answer: Answer, reading: Reading) -> Tensor:
        """(N,) fp32: cross-entropy with the reading as label, mean over a word's steps."""
        losses = F.cross_entropy(
            answer.logits.float().transpose(1, 2), reading.classes, reduction="none"
        )
        steps = reading.valid & answer.valid
        losses = losses.masked_fill(~steps, 0.0)
        return losses.sum(1) / steps.sum(1).clamp(min=1)


class ContextAlignment(Alignment):
    """Attention decoders: the student continues the teacher's prefixes."""

    def read(self, recognizer: Any, encoded: Encoded) -> Reading:
        """Free greedy decoding, cut behind the longest word of the batch."""
        prediction: AttentionPrediction = recognizer.prediction
        tokens, logits = prediction.decode_free(encoded.frames, encoded.mask)
        return _until_end(prediction, logits, tokens)

    def answer(
        self,
        recognizer: Any,
        encoded: Encoded,
        reading: Reading,
        projection: nn.Module | None = None,
        context_sharing: bool = True,
    ) -> Answer:
        """See :class:`Alignment`; one pass over the decoder, whichever characters it is fed."""
        prediction: AttentionPrediction = recognizer.prediction
        steps = reading.tokens.shape[1]
        tokens, valid = reading.tokens, torch.ones_like(reading.valid)
        if not context_sharing:
            with torch.no_grad():
                tokens = prediction.decode_free(
                    encoded.frames, encoded.mask, projection=projection
                )[0]
            valid = _before_or_at_end(tokens, prediction.token_map.eos)[:, :steps]
        fed = prediction.teacher_tokens(tokens)[:, : steps + 1]
        forced = prediction.forward_train(encoded.frames, fed, encoded.mask, projection)
        return Answer(forced.logits, forced.glimpses, valid)

    def supervise(
        self, recognizer: Any, encoded: Encoded, samples: Sequence[TextRecSample]
    ) -> tuple[dict[str, Tensor], Characters | None]:
        """One teacher-forced pass gives the loss and the glimpses."""
        prediction: AttentionPrediction = recognizer.prediction
        frames, mask = encoded.frames, encoded.mask
        guidance = recognizer.auxiliary_losses(frames, samples, mask, encoded.height)
        indices, texts = prediction.labelled(samples, prediction.max_length)
        if not texts:
            return {**prediction.loss(frames, samples, mask), **guidance}, None
        if len(indices) < len(samples):
            frames, mask = frames[indices], None if mask is None else mask[indices]
        tokens = prediction.token_map.encode(texts)[0].to(frames.device)
        forced = prediction.forward_train(frames, tokens, mask)
        losses = {"loss_attention": prediction.cross_entropy(forced.logits, tokens), **guidance}
        counted = tokens[:, 1:] != prediction.token_map.pad
        scores, said = forced.logits.detach().float().softmax(-1).max(-1)
        real = counted & (said != prediction.token_map.eos)
        return losses, Characters(forced.glimpses, real, scores, counted)

    def texts(self, recognizer: Any, reading: Reading) -> list[str]:
        """Up to the first end token."""
        return recognizer.prediction.token_map.decode(reading.tokens)


class PositionAlignment(Alignment):
    """Parallel decoders: position t is the t-th character of either view."""

    def read(self, recognizer: Any, encoded: Encoded) -> Reading:
        """All positions at once, cut behind the longest word of the batch."""
        prediction: ParallelPrediction = recognizer.prediction
        logits = prediction(encoded.frames, encoded.mask, encoded.height)
        return _until_end(prediction, logits, logits.argmax(-1))

    def answer(
        self,
        recognizer: Any,
        encoded: Encoded,
        reading: Reading,
        projection: nn.Module | None = None,
        context_sharing: bool = True,
    ) -> Answer:
        """See :class:`Alignment`; there is no context to share."""
        vectors, logits = self._classify(recognizer.prediction, encoded, projection)
        steps = reading.tokens.shape[1]
        return Answer(logits[:, :steps], vectors[:, :steps], torch.ones_like(reading.valid))

    def supervise(
        self, recognizer: Any, encoded: Encoded, samples: Sequence[TextRecSample]
    ) -> tuple[dict[str, Tensor], Characters | None]:
        """See :class:`Alignment`."""
        frames, mask, height = encoded.frames, encoded.mask, encoded.height
        losses = recognizer.losses_of(frames, samples, mask, height)
        vectors, logits = self._classify(recognizer.prediction, encoded, None)
        own = _until_end(recognizer.prediction, logits.detach(), logits.argmax(-1))
        vectors = vectors[:, : own.tokens.shape[1]]
        labelled = _labelled_rows(samples, vectors.device)
        real = own.valid & (own.tokens != recognizer.prediction.token_map.eos) & labelled[:, None]
        return losses, Characters(vectors, real, own.scores, own.counted)

    def texts(self, recognizer: Any, reading: Reading) -> list[str]:
        """Up to the first null."""
        return recognizer.prediction.token_map.decode(reading.tokens)

    @staticmethod
    def _classify(
        prediction: ParallelPrediction, encoded: Encoded, projection: nn.Module | None
    ) -> tuple[Tensor, Tensor]:
        vectors = prediction.glimpses(encoded.frames, encoded.mask, encoded.height)[0]
        projected = vectors if projection is None else projection(vectors)
        return vectors, prediction.classifier(prediction.dropout(projected))


class FrameAlignment(Alignment):
    """CTC: frame t of one view is frame t of the other; the views may not move the characters."""

    def read(self, recognizer: Any, encoded: Encoded) -> Reading:
        """The best path; a run of equal frames scores its highest probability."""
        prediction: CTCPrediction = recognizer.prediction
        logits = prediction(encoded.frames, encoded.mask, encoded.height).float()
        return _best_path(logits, encoded.mask, prediction.token_map.blank)

    def answer(
        self,
        recognizer: Any,
        encoded: Encoded,
        reading: Reading,
        projection: nn.Module | None = None,
        context_sharing: bool = True,
    ) -> Answer:
        """See :class:`Alignment`; there is no context to share.

        Raises:
            ConfigError: The views have different widths.
        """
        frames = encoded.frames
        if frames.shape[1] != reading.tokens.shape[1]:
            raise ConfigError(
                f"frames cannot be aligned: the weak view has {reading.tokens.shape[1]}, the strong"
                f" one {frames.shape[1]}; resize both alike"
            )
        projected = frames if projection is None else projection(frames)
        logits = recognizer.prediction(projected, encoded.mask, encoded.height)
        valid = torch.ones_like(reading.valid) if encoded.mask is None else encoded.mask
        return Answer(logits, frames, valid)

    def supervise(
        self, recognizer: Any, encoded: Encoded, samples: Sequence[TextRecSample]
    ) -> tuple[dict[str, Tensor], Characters | None]:
        """See :class:`Alignment`."""
        frames, mask, height = encoded.frames, encoded.mask, encoded.height
        losses = recognizer.losses_of(frames, samples, mask, height)
        with torch.no_grad():
            own = self.read(recognizer, encoded)
        labelled = _labelled_rows(samples, frames.device)
        real = own.valid & (own.tokens != recognizer.prediction.token_map.blank) & labelled[:, None]
        return losses, Characters(frames, real, own.scores, own.counted)

    def texts(self, recognizer: Any, reading: Reading) -> list[str]:
        """Repeats merged, blanks dropped."""
        token_map = recognizer.prediction.token_map
        return token_map.decode(reading.tokens.masked_fill(~reading.valid, token_map.blank))

    def sequence_loss(self, recognizer: Any, answer: Answer, reading: Reading) -> Tensor:
        """(N,) fp32: CTC loss per character with the reading as label, wherever the frames are.

        Crops that are read as nothing have loss zero.
        """
        token_map = recognizer.prediction.token_map
        targets, lengths = token_map.encode(self.texts(recognizer, reading))
        steps = torch.full((len(lengths),), answer.logits.shape[1], dtype=torch.long)
        if not bool(answer.valid.all()):
            steps = answer.valid.sum(1).cpu()
        losses = F.ctc_loss(
            answer.logits.float().log_softmax(-1).transpose(0, 1),
            targets.to(answer.logits.device),
            steps,
            lengths,
            blank=token_map.blank,
            reduction="none",
            zero_infinity=True,
        )
        lengths = lengths.to(losses.device)
        return (losses / lengths.clamp(min=1)).masked_fill(lengths == 0, 0.0)


def alignment_of(recognizer: Any) -> Alignment:
    """The alignment that a recognizer's prediction stage needs.

    Raises:
        ConfigError: There is none for it.
    """
    kinds: list[tuple[type[Prediction], type[Alignment]]] = [
        (AttentionPrediction, ContextAlignment),
        (CTCPrediction, FrameAlignment),
        (ParallelPrediction, PositionAlignment),
    ]
    prediction = getattr(recognizer, "prediction", None)
    for kind, alignment in kinds:
        if isinstance(prediction, kind):
            return alignment()
    raise ConfigError(f"no alignment of characters for {type(prediction).__name__}")


def classified_channels(recognizer: Any) -> int:
    """Size of the vectors that a recognizer's classifier is given."""
    return recognizer.prediction.classifier.in_features


def _until_end(
    prediction: AttentionPrediction | ParallelPrediction, logits: Tensor, tokens: Tensor
) -> Reading:
    """Reading of logits (N, S, K) whose class ``eos`` ends a word; cut behind the longest word."""
    eos = prediction.token_map.eos
    valid = _before_or_at_end(tokens, eos)
    steps = int(valid.sum(1).max()) if len(valid) else 1
    logits, tokens, valid = logits[:, :steps].float(), tokens[:, :steps], valid[:, :steps]
    scores = logits.softmax(-1).amax(-1)
    return Reading(logits, tokens, valid, scores, valid, tokens[:, 0] == eos)


def _before_or_at_end(tokens: Tensor, eos: int) -> Tensor:
    ends = (tokens == eos).int()
    return ends.cumsum(1) - ends == 0


def _best_path(logits: Tensor, mask: Tensor | None, blank: int) -> Reading:
    """Reading of CTC's logits (N, T, K)."""
    maxima, tokens = logits.softmax(-1).max(-1)
    valid = torch.ones_like(tokens, dtype=torch.bool) if mask is None else mask
    path = tokens.masked_fill(~valid, blank)
    starts = F.pad(path[:, 1:] != path[:, :-1], (1, 0))
    run = starts.long().cumsum(1)
    scores = torch.zeros_like(maxima).scatter_reduce(1, run, maxima, "amax")
    said = (path != blank).float()
    counted = torch.zeros_like(maxima).scatter_reduce(1, run, said, "amax") > 0
    return Reading(logits, tokens, valid, scores, counted, ~counted.any(1))


def _labelled_rows(samples: Sequence[TextRecSample], device: torch.device) -> Tensor:
    return torch.tensor([sample.text is not None for sample in samples], device=device)
