"""Pseudo-labels on the fly: a teacher's readings are trained on as if true (Lee, 2013)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from spotter.errors import ConfigError
from spotter.methods.base import Samples, Views
from spotter.methods.semi_supervised.base import SemiSupervised, share_of_total, sum_over_processes
from spotter.methods.semi_supervised.readings import Encoded, Reading
from spotter.registry import MODELS


@MODELS.register_module()
class PseudoLabel(SemiSupervised):
    """Cross-entropy (CTC's loss for CTC) with the teacher's reading of each kept crop.

    The teacher is the recognizer as it was at the start of the run (``load_from`` a supervised
    one), frozen: Baek et al. (CVPR 2021), who keep every legible reading. ``refresh`` makes rounds
    of it: every so many iterations the teacher becomes a copy of the recognizer. Rounds with a
    fresh student each are chains of runs, see
    :class:`spotter.data.readers.pseudo_labels.PseudoLabelReader`.

    Args:
        recognizer: Config of the recognizer.
        refresh: Iterations between two copies; ``None``: frozen for the whole run.
        confidence: See :class:`SemiSupervised`.
        threshold: Least confidence; 0: every reading.
        weight: Of the loss on unlabelled crops.
        ramp_up: See :class:`SemiSupervised`.
        init_cfg: mmengine's initialisation, if any.

    Raises:
        ConfigError: ``refresh`` is not positive.
    """

    def __init__(
        self,
        recognizer: Mapping[str, Any] | nn.Module,
        refresh: int | None = None,
        confidence: str = "product",
        threshold: float = 0.0,
        weight: float = 1.0,
        ramp_up: float = 0,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(recognizer, 1.0, confidence, threshold, weight, ramp_up, init_cfg)
        if refresh is not None and refresh < 1:
            raise ConfigError(f"PseudoLabel: refresh must be at least 1 iteration, not {refresh}")
        self.refresh = refresh

    def momentum_at(self, update: int) -> float:
        """0 when the teacher is copied, else 1."""
        return 0.0 if self.refresh is not None and update % self.refresh == 0 else 1.0

    def learn(
        self, inputs: Views, data_samples: Samples, reading: Reading, seen: Encoded, kept: Tensor
    ) -> dict[str, Tensor]:
        """See :class:`SemiSupervised`: ``loss_pseudo``, mean over the kept crops."""
        losses = self.supervised(inputs, data_samples)
        strong = self.encode_strong(inputs, data_samples)
        answer = self.alignment.answer(self.recognizer, strong, reading)
        total = self.alignment.sequence_loss(self.recognizer, answer, reading)[kept].sum()
        (count,) = sum_over_processes(kept.sum())
        losses["loss_pseudo"] = self.current_weight() * share_of_total(total, count)
        return losses
