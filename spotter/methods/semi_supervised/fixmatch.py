"""FixMatch for words: hard labels from the weak view, for the strong view (Sohn et al., 2020)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from spotter.errors import ConfigError
from spotter.methods.base import Samples, Views
from spotter.methods.semi_supervised.base import SemiSupervised, share_of_total, sum_over_processes
from spotter.methods.semi_supervised.consistency import divergence
from spotter.methods.semi_supervised.readings import Encoded, Reading
from spotter.registry import MODELS

GATES = ("sequence", "character")


@MODELS.register_module()
class FixMatch(SemiSupervised):
    """Cross-entropy with the teacher's reading where it is sure; the rest counts as zero.

    An attention decoder is fed with the teacher's characters. With ``gate="sequence"`` a word takes
    part as a whole, and CTC learns it by CTC's own loss, so that its views may move the characters;
    with ``gate="character"`` each step takes part on its own (for CTC each frame, whose views must
    then show the characters at the same place).

    Args:
        recognizer: Config of the recognizer.
        momentum: Of the teacher. ``None``: the recognizer itself, as published.
        gate: ``"sequence"`` or ``"character"``.
        confidence: Of a word, see :class:`SemiSupervised`; used by ``gate="sequence"``. FixMatch's
            threshold is one on single decisions, hence by default the geometric mean over the
            word's characters: of their product hardly a word of a young recognizer reaches it.
        threshold: Least confidence of the word, or of the step.
        least_kept: Share of the batch, in [0, 1], whose surest words take part in any case, with
            ``gate="sequence"``; 0, as published: none.
        weight: Of the loss on unlabelled crops.
        ramp_up: See :class:`SemiSupervised`.
        init_cfg: mmengine's initialisation, if any.

    Raises:
        ConfigError: Another gate, or a share outside [0, 1].
    """

    def __init__(
        self,
        recognizer: Mapping[str, Any] | nn.Module,
        momentum: float | None = None,
        gate: str = "sequence",
        confidence: str = "geometric_mean",
        threshold: float = 0.95,
        weight: float = 1.0,
        ramp_up: float = 0,
        least_kept: float = 0.0,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(recognizer, momentum, confidence, threshold, weight, ramp_up, init_cfg)
        if gate not in GATES:
            raise ConfigError(f"FixMatch: gate {gate!r} is none of {', '.join(GATES)}")
        if not 0.0 <= least_kept <= 1.0:
            raise ConfigError(f"FixMatch: least_kept is in [0, 1], not {least_kept}")
        self.gate = gate
        self.least_kept = least_kept

    def choose(self, score: Tensor, legible: Tensor) -> Tensor:
        """See :class:`SemiSupervised`; and at least the surest ``least_kept`` of the batch."""
        kept = super().choose(score, legible)
        count = min(math.ceil(self.least_kept * len(score)), int(legible.sum()))
        if int(kept.sum()) < count:
            surest = score.masked_fill(~legible, -1.0).topk(count).indices
            kept = torch.zeros_like(legible).index_fill(0, surest, True)
        return kept

    def learn(
        self, inputs: Views, data_samples: Samples, reading: Reading, seen: Encoded, kept: Tensor
    ) -> dict[str, Tensor]:
        """See :class:`SemiSupervised`: ``loss_pseudo``; for single steps also ``kept_steps``."""
        losses = self.supervised(inputs, data_samples)
        strong = self.encode_strong(inputs, data_samples)
        answer = self.alignment.answer(self.recognizer, strong, reading)
        if self.gate == "sequence":
            each = self.alignment.sequence_loss(self.recognizer, answer, reading)
            total = each[kept].sum()
            (count,) = sum_over_processes(kept.new_tensor(kept.numel(), dtype=total.dtype))
        else:
            legible = reading.valid & answer.valid & ~reading.empty[:, None]
            sure = legible & (reading.probabilities.amax(-1) >= self.threshold)
            total = divergence(answer.logits, reading, 1.0, hard=True)[sure].sum()
            characters = (legible & reading.counted).sum()
            count, steps, taken = sum_over_processes(characters, legible.sum(), sure.sum())
            losses["kept_steps"] = total.new_tensor(taken / max(steps, 1.0))
        losses["loss_pseudo"] = self.current_weight() * share_of_total(total, count)
        return losses
