"""What the detection protocols share as metrics of mmengine's validation and test loops."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mmengine.evaluator import BaseMetric

from spotter.evaluation.matching import photo_ground_truth
from spotter.structures import TextDetSample, TextInstance


class Scores(Protocol):
    """What every protocol returns."""

    @property
    def precision(self) -> float:
        """Precision of the protocol."""

    @property
    def recall(self) -> float:
        """Recall of the protocol."""

    @property
    def hmean(self) -> float:
        """Harmonic mean of the two."""

    def to_dict(self) -> dict[str, float]:
        """All numbers by name."""


@dataclass(frozen=True)
class ScoredPhoto:
    """Words of one photo.

    Attributes:
        predictions: In pixels of the photo.
        truths: Likewise.
        size: (height, width) of the photo.
    """

    predictions: list[TextInstance]
    truths: list[TextInstance]
    size: tuple[int, int]


class DetectionMetric(BaseMetric):
    """Collects words while the loop runs and scores all photos at once when it ends.

    Args:
        min_score: Detections below it are dropped; fixed beforehand, never swept on the test data.
        collect_device: Where ranks exchange results, ``"cpu"`` or ``"gpu"``.
        prefix: Prefix of the names in the log, the protocol's by default.
    """

    def __init__(
        self,
        min_score: float = 0.0,
        collect_device: str = "cpu",
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.min_score = min_score

    def process(self, data_batch: Any, data_samples: Sequence[TextDetSample]) -> None:
        """Take over one batch.

        Args:
            data_batch: Not used.
            data_samples: Samples with predictions in pixels of the photo and ground truth in pixels
                of the network's input.
        """
        for sample in data_samples:
            truths = photo_ground_truth(sample)
            self.results.append(ScoredPhoto(sample.predictions, truths, sample.original_shape))

    def compute_metrics(self, results: list[ScoredPhoto]) -> dict[str, float]:
        """Scores of all batches and ranks, see the protocol's scores."""
        return self.score(results).to_dict()

    @abstractmethod
    def score(self, photos: Sequence[ScoredPhoto]) -> Scores:
        """Scores over all photos together."""
