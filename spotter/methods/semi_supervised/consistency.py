"""Character-level consistency regularisation (Zheng et al., CVPR 2022)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spotter.errors import ConfigError
from spotter.methods.base import Samples, Views
from spotter.methods.semi_supervised.alignment import classified_channels
from spotter.methods.semi_supervised.base import SemiSupervised, share_of_total, sum_over_processes
from spotter.methods.semi_supervised.confidence import product_confidence, word_confidence
from spotter.methods.semi_supervised.domain_adaptation import DomainAdaptation, coral_loss
from spotter.methods.semi_supervised.readings import Answer, Characters, Encoded, Reading, encode
from spotter.registry import MODELS

PROJECTIONS = ("feedforward", "linear", "residual", None)


@MODELS.register_module()
class CharacterConsistency(SemiSupervised):
    """The online model agrees, character by character, with its moving average.

    The target reads the weak view. The online decoder gets the strong view and is fed with the
    target's characters, so that its t-th step predicts the target's t-th character. On this path
    only, a projection stands before the shared classifier; the labelled batch and prediction do not
    pass it. With V the steps of the kept words, n the characters and ends that were read there and
    ρ the share of the kept words in the batch,

        L = L_supervised + w ρ / n Σ_V KL(softmax(z_target / τ) ‖ softmax(z_online)) + λ L_domain

    A decoder has one step for each character or end. Most frames of CTC are blanks, on which the
    models agree anyway; as the sum is divided by characters, not by frames, they dilute nothing.

    Train with weight decay: together with projection and average, it prevents a collapse of the two
    models.

    Args:
        recognizer: Config of the recognizer: autoregressive or parallel decoder, vision and
            language, or CTC, whose frames are compared one by one: then both views must show the
            characters at the same place.
        momentum: Of the target, see :class:`SemiSupervised`; 0 or ``None``: without average.
        confidence: See :func:`word_confidence`.
        threshold: Least confidence; 0: without filter.
        context_sharing: ``False``: the online decoder is fed with its own characters.
        projection: ``"feedforward"``: d -> d/4, layer norm, ReLU, -> d; ``"linear"``;
            ``"residual"``: what ``"feedforward"`` gives is added to its input, and is zero at
            first; or ``None``. The first two have to be learnt before anything else, which a
            recognizer that is trained already does not need.
        temperature: τ, below 1: the target's distribution is sharpened.
        hard: One-hot targets and cross-entropy instead of KL.
        weight: w.
        ramp_up: See :class:`SemiSupervised`.
        domain: Settings of :class:`DomainAdaptation`; ``None``: without.
        init_cfg: mmengine's initialisation, if any.

    Raises:
        ConfigError: A value outside its range.
    """

    def __init__(
        self,
        recognizer: Mapping[str, Any] | nn.Module,
        momentum: float | None = 0.999,
        confidence: str = "product",
        threshold: float = 0.5,
        context_sharing: bool = True,
        projection: str | None = "feedforward",
        temperature: float = 0.4,
        hard: bool = False,
        weight: float = 1.0,
        ramp_up: float = 0,
        domain: Mapping[str, Any] | None = None,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(recognizer, momentum, confidence, threshold, weight, ramp_up, init_cfg)
        if not temperature > 0:
            raise ConfigError(f"CharacterConsistency: temperature {temperature} is not positive")
        self.context_sharing = context_sharing
        self.temperature = temperature
        self.hard = hard
        self.projection = build_projection(projection, classified_channels(self.recognizer))
        self.domain = None if domain is None else DomainAdaptation(**domain)

    def learn(
        self, inputs: Views, data_samples: Samples, reading: Reading, seen: Encoded, kept: Tensor
    ) -> dict[str, Tensor]:
        """See :class:`SemiSupervised`: ``loss_consistency`` and ``loss_domain``."""
        samples = data_samples["labelled"]
        labelled = encode(self.recognizer, inputs["labelled"], samples)
        losses, characters = self.alignment.supervise(self.recognizer, labelled, samples)
        strong = self.encode_strong(inputs, data_samples)
        answer = self.alignment.answer(
            self.recognizer, strong, reading, self.projection, self.context_sharing
        )
        steps = reading.valid & answer.valid & kept[:, None]
        total = divergence(answer.logits, reading, self.temperature, self.hard)[steps].sum()
        characters_read = (steps & reading.counted).sum()
        count, taken, crops = sum_over_processes(characters_read, kept.sum(), kept.numel())
        share = taken / max(crops, 1.0)
        losses["loss_consistency"] = self.current_weight() * share * share_of_total(total, count)
        if self.domain is not None:
            source, target = self._domains(
                self.domain, labelled, characters, strong, answer, reading, seen
            )
            distance = coral_loss(source, target, self.domain.normalize_covariance)
            losses["loss_domain"] = self.domain.weight * distance
        return losses

    def _domains(
        self,
        domain: DomainAdaptation,
        labelled: Encoded,
        characters: Characters | None,
        strong: Encoded,
        answer: Answer,
        reading: Reading,
        seen: Encoded,
    ) -> tuple[Tensor, Tensor]:
        """Feature vectors (M, C) of sure labelled words and (M', C) of sure unlabelled ones.

        The confidence of an unlabelled word is that of the model whose features are taken: the
        online model of the strong view, or the target of the weak one.
        """
        scores, counted = reading.scores, reading.counted
        if domain.feature != "target_visual":
            scores, counted = self.alignment.certainty(self.recognizer, answer, reading)
        sure = word_confidence(scores, counted, "product") >= domain.unlabelled_threshold
        sure &= ~reading.empty
        if domain.feature != "online_glimpse":
            unlabelled = strong if domain.feature == "online_visual" else seen
            everything = torch.ones(len(labelled.visual), dtype=torch.bool, device=sure.device)
            return _rows(labelled, everything), _rows(unlabelled, sure)
        special = 0  # end and blank alike
        real = reading.valid & answer.valid & (answer.logits.detach().argmax(-1) != special)
        target = answer.features[real & sure[:, None]]
        if characters is None:
            return target[:0], target
        score = product_confidence(characters.scores, characters.counted)
        trusted = characters.real & (score >= domain.labelled_threshold)[:, None]
        return characters.features[trusted], target


def divergence(logits: Tensor, reading: Reading, temperature: float, hard: bool) -> Tensor:
    """(N, S) fp32: ``KL(softmax(z_t / τ) ‖ softmax(z))``, or cross-entropy with what was read.

    Args:
        logits: (N, S, K) z of the student.
        reading: Of the teacher.
        temperature: τ.
        hard: Cross-entropy.
    """
    own = logits.float().log_softmax(-1)
    if hard:
        return -own.gather(-1, reading.classes[..., None])[..., 0]
    wanted = (reading.logits / temperature).log_softmax(-1)
    return F.kl_div(own, wanted, log_target=True, reduction="none").sum(-1)


def build_projection(kind: str | None, channels: int) -> nn.Module | None:
    """The projection before the classifier on the path of the online model's strong view.

    Args:
        kind: ``"feedforward"``, ``"linear"``, ``"residual"`` or ``None``.
        channels: d, of what the classifier is given.

    Raises:
        ConfigError: Another kind.
    """
    if kind is None:
        return None
    if kind == "linear":
        return nn.Linear(channels, channels)
    if kind not in PROJECTIONS:
        raise ConfigError(f"projection {kind!r} is none of {', '.join(map(str, PROJECTIONS))}")
    narrow = max(channels // 4, 1)
    layers = nn.Sequential(
        nn.Linear(channels, narrow), nn.LayerNorm(narrow), nn.ReLU(), nn.Linear(narrow, channels)
    )
    if kind == "feedforward":
        return layers
    for parameter in layers[-1].parameters():
        nn.init.zeros_(parameter)
    return _Residual(layers)


class _Residual(nn.Module):
    """Adds what layers give to their input."""

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


def _rows(encoded: Encoded, kept: Tensor) -> Tensor:
    """Visual frames (M, C) of the kept crops, without padding."""
    chosen = kept[:, None].expand(encoded.visual.shape[:2])
    if encoded.mask is not None:
        chosen = chosen & encoded.mask
    return encoded.visual[chosen]
