"""Vision, language and fusion agree on two views: stage 3 of SemiMTR (Aberdam et al., 2022)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spotter.errors import ConfigError
from spotter.methods.base import Method, Samples, Views
from spotter.methods.semi_supervised.base import share_of_total, sum_over_processes
from spotter.methods.semi_supervised.confidence import check_rule, word_confidence
from spotter.methods.target import EMATarget
from spotter.models.language.base import places, word_lengths
from spotter.models.recognition.vision_language import (
    MODALITIES,
    VisionLanguageOutput,
    VisionLanguageRecognizer,
)
from spotter.registry import MODELS

TEACHERS = ("self", *MODALITIES, "all")


@MODELS.register_module()
class MultimodalConsistency(Method):
    """Supervised losses on two views of the labelled crops, and agreement on those of all crops.

    The targets of each modality of the strong view are the predictions for the weak view, without
    gradients into the teacher: those of the same modality, of one modality for all, or of every
    modality. The last round of the teacher is the target of every round of the student, and the
    losses of the rounds are summed. With V the places of the teacher's words (up to and with their
    ends) whose confidence reaches the threshold,

        L_m = Σ_rounds 1 / |V| Σ_V KL(softmax(z_teacher) ‖ softmax(z_m)),

    or, with hard labels, the cross-entropy with the teacher's reading.

    Args:
        recognizer: Config of a :class:`VisionLanguageRecognizer`; its ``weights`` of the modalities
            hold for both losses.
        teacher: ``"self"``, ``"vision"``, ``"language"``, ``"fusion"`` or ``"all"``.
        hard: One-hot labels, as published; ``False``: KL.
        threshold: Least confidence of a word of the teacher; 0, as published: all words.
        confidence: How it is made of the characters', see :func:`word_confidence`.
        momentum: Of an averaged teacher, such as 0.9999; ``None``, as published: the teacher is the
            student's own network.
        weight: Of the agreement; 0: without.
        unlabelled_only: Agree on the crops without labels alone; published: on all.
        sum_rounds: ``False``: the mean over the rounds instead of the published sum.
        init_cfg: mmengine's initialisation, if any.

    Attributes:
        target: The averaged teacher, or ``None``.

    Raises:
        ConfigError: A value outside its range, or a recognizer of one modality.
    """

    recognizer: VisionLanguageRecognizer
    branches = ("weak", "strong")

    def __init__(
        self,
        recognizer: Mapping[str, Any] | nn.Module,
        teacher: str = "self",
        hard: bool = True,
        threshold: float = 0.0,
        confidence: str = "product",
        momentum: float | None = None,
        weight: float = 1.0,
        unlabelled_only: bool = False,
        sum_rounds: bool = True,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(recognizer, init_cfg)
        if not isinstance(self.recognizer, VisionLanguageRecognizer):
            raise ConfigError("MultimodalConsistency needs a VisionLanguageRecognizer")
        if teacher not in TEACHERS:
            raise ConfigError(f"teacher is one of {', '.join(TEACHERS)}, not {teacher!r}")
        if not 0 <= threshold <= 1 or weight < 0 or not 0 <= (momentum or 0.0) <= 1:
            raise ConfigError(
                "MultimodalConsistency: threshold and momentum are in [0, 1], weight not negative"
            )
        self.teacher = teacher
        self.hard = hard
        self.threshold = threshold
        self.confidence = check_rule(confidence)
        self.momentum = momentum
        self.weight = weight
        self.unlabelled_only = unlabelled_only
        self.sum_rounds = sum_rounds
        self.target = None if momentum is None else EMATarget(self.recognizer)

    def loss(self, inputs: Views, data_samples: Samples) -> dict[str, Tensor]:
        """Supervised losses of both views, ``loss_consistency_<modality>``, and ``kept``.

        Labelled and unlabelled crops come in the same two branches; the latter have no ``text``.
        """
        if self.target is not None and self.training:
            self.target.update(self.recognizer, float(self.momentum or 0.0))
        weak = self.recognizer.read(inputs["weak"], data_samples["weak"])
        strong = self.recognizer.read(inputs["strong"], data_samples["strong"])
        losses = {}
        for name, output in (("weak", weak), ("strong", strong)):
            supervised = self.recognizer.losses_of(output, data_samples[name])
            losses.update({f"{key}_{name}": value for key, value in supervised.items()})
        if not self.weight:
            return losses
        if self.target is None:
            taught = weak.detached()
        else:
            with torch.no_grad():
                teacher = cast(VisionLanguageRecognizer, self.target.module)
                taught = teacher.read(inputs["weak"], data_samples["weak"])
        unlabelled = torch.tensor(
            [not self.unlabelled_only or s.text is None for s in data_samples["weak"]],
            device=weak.vision.device,
        )
        kept = {}
        for modality in MODALITIES:
            value, share = self.agreement(strong, taught, modality, unlabelled)
            factor = self.weight * self.recognizer.weights[modality]
            losses[f"loss_consistency_{modality}"] = factor * value
            kept[modality] = share
        losses["kept"] = kept["fusion"]
        return losses

    def agreement(
        self,
        student: VisionLanguageOutput,
        teacher: VisionLanguageOutput,
        modality: str,
        chosen: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Loss of one modality of the student, and the share of the chosen words that take part.

        Summed over the student's rounds; the mean over the teachers, where there are several.

        Args:
            student: Of the strong view.
            teacher: Of the weak view, without gradients.
            modality: Which is taught.
            chosen: (N,) bool, crops that may take part.
        """
        names = {"self": (modality,), "all": MODALITIES}.get(self.teacher, (self.teacher,))
        rounds, losses, shares = student.of(modality), [], []
        for name in names:
            wanted = teacher.of(name)[-1].float()
            counted, sure = self._words(wanted, chosen)
            count = sum_over_processes(counted.sum())[0]
            totals = [distance(logits, wanted, self.hard)[counted].sum() for logits in rounds]
            losses.append(share_of_total(torch.stack(totals).sum(), count))
            shares.append((sure & chosen).sum() / chosen.sum().clamp(min=1))
        loss = torch.stack(losses).mean()
        return loss if self.sum_rounds else loss / len(rounds), torch.stack(shares).mean()

    def _words(self, logits: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor]:
        """(N, S) places of the words that take part, and (N,) whether they are sure enough."""
        inside = places(word_lengths(logits), logits.shape[1])
        scores = logits.softmax(-1).amax(-1)
        sure = word_confidence(scores, inside, self.confidence) >= self.threshold
        return inside & (sure & chosen)[:, None], sure


def distance(logits: Tensor, teacher: Tensor, hard: bool) -> Tensor:
    """(N, S) fp32: cross-entropy with the teacher's argmax, or KL from the teacher's distribution.

    Args:
        logits: (N, S, K) of the student.
        teacher: (N, S, K) logits, without gradients.
        hard: Cross-entropy.
    """
    own = logits.float().log_softmax(-1)
    if hard:
        return -own.gather(-1, teacher.argmax(-1, keepdim=True))[..., 0]
    wanted = teacher.log_softmax(-1)
    return F.kl_div(own, wanted, log_target=True, reduction="none").sum(-1)
