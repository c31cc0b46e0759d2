"""How a student's answer to one view is laid beside a teacher's reading of another.

Per-character losses need the two to speak of the same character at the same place. An
autoregressive decoder is fed with the teacher's characters, so that its t-th step is asked for the
teacher's t-th character (context sharing, Zheng et al., CVPR 2022). A parallel decoder has a place
for each character anyway. The frames of CTC correspond where the views show the word at the same
place.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spotter.errors import ConfigError
from spotter.methods.semi_supervised.readings import Answer, Characters, Encoded, Reading
from spotter.models.recognition.prediction import CTCPrediction, ParallelPrediction
from spotter.models.recognition.prediction.autoregressive import AutoregressivePrediction
from spotter.models.recognition.vision_language import (
    VisionLanguageOutput,
    VisionLanguageRecognizer,
)
from spotter.structures import TextRecSample


class Alignment(ABC):
    """Reads with a teacher, and gives a student's output for the same characters; no weights."""

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

    def certainty(self, recognizer: Any, answer: Answer, reading: Reading) -> tuple[Tensor, Tensor]:
        """Probabilities of the student's own predictions at the steps of the reading.

        Returns:
            (N, S) probabilities and (N, S) bool, which of them exist, as of :class:`Reading`.
        """
        scores = answer.logits.detach().float().softmax(-1).amax(-1)
        return scores, reading.valid & answer.valid

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
    """Autoregressive decoders: the student continues the teacher's prefixes."""

    def read(self, recognizer: Any, encoded: Encoded) -> Reading:
        """Free greedy decoding, cut behind the longest word of the batch."""
        prediction: AutoregressivePrediction = recognizer.prediction
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
        prediction: AutoregressivePrediction = recognizer.prediction
        steps = reading.tokens.shape[1]
        tokens, valid = reading.tokens, torch.ones_like(reading.valid)
        if not context_sharing:
            with torch.no_grad():
                tokens = prediction.decode_free(
                    encoded.frames, encoded.mask, projection=projection
                )[0]
            torch.clear_autocast_cache()  # See SemiSupervised.loss.
            valid = _before_or_at_end(tokens, prediction.token_map.eos)[:, :steps]
        fed = prediction.teacher_tokens(tokens)[:, : steps + 1]
        forced = prediction.forward_train(encoded.frames, fed, encoded.mask, projection)
        return Answer(forced.logits, forced.glimpses, valid)

    def supervise(
        self, recognizer: Any, encoded: Encoded, samples: Sequence[TextRecSample]
    ) -> tuple[dict[str, Tensor], Characters | None]:
        """One teacher-forced pass gives the loss and the glimpses."""
        prediction: AutoregressivePrediction = recognizer.prediction
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
        return losses, _characters(recognizer.prediction, vectors, logits, samples)

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


class FusionAlignment(PositionAlignment):
    """Recognizers with a language model: the prediction of the fusion in the last round.

    A projection stands before the classifier of the fusion.
    """

    def read(self, recognizer: Any, encoded: Encoded) -> Reading:
        """All positions at once, cut behind the longest word of the batch."""
        logits = self._output(recognizer, encoded).fusion[-1]
        return _until_end(recognizer.prediction, logits, logits.argmax(-1))

    def answer(
        self,
        recognizer: Any,
        encoded: Encoded,
        reading: Reading,
        projection: nn.Module | None = None,
        context_sharing: bool = True,
    ) -> Answer:
        """See :class:`Alignment`; there is no context to share."""
        output = self._output(recognizer, encoded)
        vectors, logits = output.features, output.fusion[-1]
        assert vectors is not None
        if projection is not None:
            logits = recognizer.fusion.classifier(projection(vectors))
        steps = reading.tokens.shape[1]
        return Answer(logits[:, :steps], vectors[:, :steps], torch.ones_like(reading.valid))

    def supervise(
        self, recognizer: Any, encoded: Encoded, samples: Sequence[TextRecSample]
    ) -> tuple[dict[str, Tensor], Characters | None]:
        """Losses of all modalities; the vectors are those of the fusion."""
        output = self._output(recognizer, encoded)
        assert output.features is not None
        losses = recognizer.losses_of(output, samples)
        own = _characters(recognizer.prediction, output.features, output.fusion[-1], samples)
        return losses, own

    @staticmethod
    def _output(recognizer: VisionLanguageRecognizer, encoded: Encoded) -> VisionLanguageOutput:
        return recognizer.read_frames(encoded.frames, encoded.mask, encoded.height)


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

    def certainty(self, recognizer: Any, answer: Answer, reading: Reading) -> tuple[Tensor, Tensor]:
        """See :class:`Alignment`; of each run of equal frames the highest probability."""
        logits, blank = answer.logits.detach().float(), recognizer.prediction.token_map.blank
        own = _best_path(logits, answer.valid, blank)
        return own.scores, own.counted

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
    kinds: list[tuple[Any, type[Alignment]]] = [
        (AutoregressivePrediction, ContextAlignment),
        (CTCPrediction, FrameAlignment),
        (ParallelPrediction, PositionAlignment),
    ]
    if isinstance(recognizer, VisionLanguageRecognizer):
        return FusionAlignment()
    prediction = getattr(recognizer, "prediction", None)
    for kind, alignment in kinds:
        if isinstance(prediction, kind):
            return alignment()
    raise ConfigError(
        f"no alignment of characters for {type(prediction).__name__}: use a decoder of attention, a"
        " transformer, a parallel decoder or CTC"
    )


def classified_channels(recognizer: Any) -> int:
    """Size of the vectors that a recognizer's classifier is given."""
    if isinstance(recognizer, VisionLanguageRecognizer):
        return recognizer.fusion.classifier.in_features
    return recognizer.prediction.classifier.in_features


def _until_end(
    prediction: AutoregressivePrediction | ParallelPrediction, logits: Tensor, tokens: Tensor
) -> Reading:
    """Reading of logits (N, S, K) whose class ``eos`` ends a word; cut behind the longest word."""
    eos = prediction.token_map.eos
    valid = _before_or_at_end(tokens, eos)
    steps = int(valid.sum(1).max()) if len(valid) else 1
    logits, tokens, valid = logits[:, :steps].float(), tokens[:, :steps], valid[:, :steps]
    scores = logits.softmax(-1).amax(-1)
    return Reading(logits, tokens, valid, scores, valid, tokens[:, 0] == eos)


def _characters(
    prediction: ParallelPrediction,
    vectors: Tensor,
    logits: Tensor,
    samples: Sequence[TextRecSample],
) -> Characters:
    """Of a parallel decoder's vectors (N, S, C) and logits (N, S, K)."""
    own = _until_end(prediction, logits.detach(), logits.argmax(-1))
    vectors = vectors[:, : own.tokens.shape[1]]
    labelled = _labelled_rows(samples, vectors.device)
    real = own.valid & (own.tokens != prediction.token_map.eos) & labelled[:, None]
    return Characters(vectors, real, own.scores, own.counted)


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
