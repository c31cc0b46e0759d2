"""The protocols of detection in mmengine's validation and test loops."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mmengine.evaluator import BaseMetric

from spotter.errors import ConfigError
from spotter.evaluation.matching import photo_ground_truth
from spotter.evaluation.protocols.names import detection_protocol
from spotter.registry import METRICS
from spotter.structures import TextDetSample, TextInstance


@dataclass(frozen=True)
class ScoredPhoto:
    """Words of one photo.

    Attributes:
        predictions: In pixels of the photo.
        truths: In pixels of the photo.
        size: (height, width) of the photo.
    """

    predictions: list[TextInstance]
    truths: list[TextInstance]
    size: tuple[int, int]


@METRICS.register_module()
class DetectionScore(BaseMetric):
    """Collects words while the loop runs and scores all photos at once when it ends.

    Args:
        protocol: A name of :data:`~spotter.evaluation.protocols.names.DETECTION_PROTOCOLS`.
        min_score: Detections below it are dropped; fixed beforehand, never swept on the test data.
        collect_device: Where ranks exchange results, ``"cpu"`` or ``"gpu"``.
        prefix: Prefix of the names in the log, ``"detection"`` by default.
        options: Further arguments of the protocol's function, by name.

    Raises:
        ConfigError: The protocol or an option of it is unknown.
    """

    default_prefix = "detection"

    def __init__(
        self,
        protocol: str = "iou",
        min_score: float = 0.0,
        collect_device: str = "cpu",
        prefix: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.protocol = detection_protocol(protocol)
        self.min_score = min_score
        self.options = options
        self._names = list(inspect.signature(self.protocol).parameters)[2:]
        unknown = sorted(set(options) - set(self._names))
        if unknown:
            known = ", ".join(self._names)
            raise ConfigError(
                f"The protocol {protocol} has no option {', '.join(unknown)}; known are {known}."
            )
        # A wrong value of an option shows here, not after the first epoch.
        self.compute_metrics([])

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
        options = dict(self.options)
        if "image_sizes" in self._names:
            options["image_sizes"] = [photo.size for photo in results]
        scores = self.protocol(
            [photo.predictions for photo in results],
            [photo.truths for photo in results],
            min_score=self.min_score,
            **options,
        )
        return scores.to_dict()
