"""Mean Teacher: soft agreement with an average of the weights (Tarvainen and Valpola, 2017)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from spotter.methods.base import Samples, Views
from spotter.methods.semi_supervised.base import SemiSupervised, share_of_total, sum_over_processes
from spotter.methods.semi_supervised.readings import Encoded, Reading
from spotter.registry import MODELS


@MODELS.register_module()
class MeanTeacher(SemiSupervised):
    """Mean squared difference of the class probabilities, over all steps of the teacher's words.

    Its sum is divided by the characters read, as in :class:`CharacterConsistency`.

    The momentum rises as ``min(1 - 1 / (t + 1), momentum)``, as Baek et al. (CVPR 2021) have it for
    scene text; as in theirs, nothing is filtered by default.

    Args:
        recognizer: Config of the recognizer.
        momentum: Of the teacher in the end.
        confidence: See :class:`SemiSupervised`.
        threshold: Least confidence; 0: without filter.
        weight: Of the agreement. The difference is a mean over the classes, most of which are
            near zero in both: Tarvainen and Valpola weigh it by 100; with Baek et al.'s 1 it is
            next to nothing.
        ramp_up: See :class:`SemiSupervised`.
        context_sharing: ``False``: an attention decoder is fed with its own characters.
        init_cfg: mmengine's initialisation, if any.
    """

    def __init__(
        self,
        recognizer: Mapping[str, Any] | nn.Module,
        momentum: float = 0.999,
        confidence: str = "product",
        threshold: float = 0.0,
        weight: float = 100.0,
        ramp_up: float = 0.05,
        context_sharing: bool = True,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(recognizer, momentum, confidence, threshold, weight, ramp_up, init_cfg)
        self.context_sharing = context_sharing

    def momentum_at(self, update: int) -> float:
        """Short memory at first, so that the random start is forgotten soon."""
        return min(1.0 - 1.0 / (update + 1), float(self.momentum or 0.0))

    def learn(
        self, inputs: Views, data_samples: Samples, reading: Reading, seen: Encoded, kept: Tensor
    ) -> dict[str, Tensor]:
        """See :class:`SemiSupervised`: ``loss_agreement``."""
        losses = self.supervised(inputs, data_samples)
        strong = self.encode_strong(inputs, data_samples)
        answer = self.alignment.answer(
            self.recognizer, strong, reading, context_sharing=self.context_sharing
        )
        steps = reading.valid & answer.valid & kept[:, None]
        own = answer.logits.float().softmax(-1)
        total = (own - reading.probabilities).square().mean(-1)[steps].sum()
        # Of CTC's frames most are blanks, on which the models agree anyway.
        (count,) = sum_over_processes((steps & reading.counted).sum())
        losses["loss_agreement"] = self.current_weight() * share_of_total(total, count)
        return losses
