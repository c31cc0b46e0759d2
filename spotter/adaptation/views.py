"""Readings of a word in many views."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from spotter.decoding.ctc import Decoded
from spotter.labeling.photo_labels import VIEWS
from spotter.pipeline.crops import image_directions
from spotter.pipeline.recognizer import TextRecognizer
from spotter.pipeline.test_time_augmentation import View, surroundings
from spotter.runtime.runtimes import open_runtime

_GROUP = 32
_BATCH = 32


@dataclass(frozen=True)
class ViewReadings:
    """Readings of one crop, without language.

    Attributes:
        text: Of the crop as it is.
        score: Of that, in [0, 1].
        others: Texts of the further views.
    """

    text: str
    score: float
    others: tuple[str, ...]

    @property
    def agreement(self) -> float:
        """Share of the further views that are read as the crop itself, in [0, 1]."""
        return sum(other == self.text for other in self.others) / max(len(self.others), 1)


class ViewReader:
    """A recognizer that reads crops plainly or in many views.

    Args:
        weights: ``.safetensors`` or ``.onnx`` file.
        device: ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
        threads: See :mod:`spotter.runtime.runtimes`.
    """

    def __init__(self, weights: Path, device: str = "cpu", threads: int | None = None) -> None:
        runtime = "torch" if weights.suffix == ".safetensors" else "onnx"
        loaded = open_runtime(weights, "recognition", runtime, device, threads)
        self._recognizer = TextRecognizer(loaded)

    def read(
        self, crops: Iterable[np.ndarray], views: Sequence[View] = VIEWS
    ) -> Iterator[ViewReadings]:
        """The readings of crops, in their order.

        Args:
            crops: (H, W, 3) uint8 BGR each.
            views: Further views; none: crops are read as they are.
        """
        waiting = iter(crops)
        while group := list(islice(waiting, _GROUP)):
            inputs = [each for crop in group for each in self._inputs(crop, views)]
            read = self._forward(inputs)
            for start in range(0, len(read), 1 + len(views)):
                first, *others = read[start : start + 1 + len(views)]
                texts = tuple(other.text for other in others)
                yield ViewReadings(first.text, float(first.score), texts)

    def _inputs(self, crop: np.ndarray, views: Sequence[View]) -> list[np.ndarray]:
        recognizer = self._recognizer
        cut = image_directions(crop.shape[1], crop.shape[0], turn=False)[0].cut
        part, moved = surroundings(crop, cut)
        developed = [
            view.develop(recognizer.crop(part, view.cut(moved), view.stretch)) for view in views
        ]
        return [recognizer.crop(crop, cut), *developed]

    def _forward(self, inputs: list[np.ndarray]) -> list[Decoded]:
        """Readings of inputs, run in batches of one width."""
        places: dict[int, list[int]] = {}
        for place, each in enumerate(inputs):
            places.setdefault(each.shape[1], []).append(place)
        found: dict[int, Decoded] = {}
        for same in places.values():
            for start in range(0, len(same), _BATCH):
                part = same[start : start + _BATCH]
                predictions = self._recognizer.forward([inputs[place] for place in part])
                found.update(
                    (place, prediction.greedy)
                    for place, prediction in zip(part, predictions, strict=True)
                )
        return [found[place] for place in range(len(inputs))]
