"""From a collated batch of uint8 BGR images to normalised float RGB on the model's device."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.model import BaseDataPreprocessor

from spotter.registry import MODELS

IMAGENET_MEAN = (123.675, 116.28, 103.53)
IMAGENET_STD = (58.395, 57.12, 57.375)


class _TextDataPreprocessor(BaseDataPreprocessor):
    """Padding, stacking and normalising shared by both tasks.

    A batch is ``{"inputs": [(3, H, W) uint8 BGR, ...], "data_samples": [...]}``; a stacked
    (N, 3, H, W) tensor is taken, too. Where ``inputs`` is a dict of branches, as
    ``MultiBranch`` packs them, each branch is processed alone and the dict stays; a branch that
    no item of the batch has is left out.
    """

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(
        self,
        mean: Sequence[float] | float,
        std: Sequence[float] | float,
        channels_last: bool,
        non_blocking: bool,
    ) -> None:
        super().__init__(non_blocking)
        self.channels_last = channels_last
        for name, value in (("mean", mean), ("std", std)):
            column = torch.tensor(value, dtype=torch.float32).reshape(-1, 1, 1)
            self.register_buffer(name, column, persistent=False)

    def forward(self, data: Any, training: bool = False) -> dict[str, Any]:
        """Process a batch.

        Args:
            data: The collated batch, perhaps with branches.
            training: Unused; the same is done in training and evaluation.

        Returns:
            ``{"inputs": (N, 3, H, W) float32 RGB, "data_samples": list | None}``, or dicts of
            branches in both places.
        """
        data = self.cast_data(data)
        inputs, samples = data["inputs"], data.get("data_samples")
        if not isinstance(inputs, Mapping):
            return self._process(inputs, samples)
        branches = {}
        for name, images in inputs.items():
            # None: this item lacks the branch.
            kept = [i for i, image in enumerate(images) if image is not None]
            if not kept:
                continue
            labels = None if samples is None else [samples[name][i] for i in kept]
            branches[name] = self._process([images[i] for i in kept], labels)
        return {
            "inputs": {name: batch["inputs"] for name, batch in branches.items()},
            "data_samples": {name: batch["data_samples"] for name, batch in branches.items()},
        }

    def _process(self, inputs: Any, samples: list | None) -> dict[str, Any]:
        images = list(inputs)
        sizes = [(image.shape[-2], image.shape[-1]) for image in images]
        height, width = self._batch_size(sizes)
        padded = [
            F.pad(self._normalise(image), (0, width - w, 0, height - h))
            if (h, w) != (height, width)
            else image
            for image, (h, w) in zip(images, sizes, strict=True)
        ]
        if all(image.dtype == torch.uint8 for image in padded):
            batch = self._normalise(torch.stack(padded))
        else:
            batch = torch.stack(
                [i if i.dtype.is_floating_point else self._normalise(i) for i in padded]
            )
        layout = torch.channels_last if self.channels_last else torch.contiguous_format
        batch = batch.contiguous(memory_format=layout)
        if samples is not None:
            samples = [
                self._adapt(sample, size, (height, width))
                for sample, size in zip(samples, sizes, strict=True)
            ]
        return {"inputs": batch, "data_samples": samples}

    def _normalise(self, images: torch.Tensor) -> torch.Tensor:
        return (images.flip(-3).float() - self.mean) / self.std

    def _batch_size(self, sizes: list[tuple[int, int]]) -> tuple[int, int]:
        """(height, width) of the batch for images of these (height, width)."""
        return max(height for height, _ in sizes), max(width for _, width in sizes)

    def _adapt(self, sample: Any, size: tuple[int, int], padded: tuple[int, int]) -> Any:
        """The data sample of an image that was padded from ``size`` to ``padded``."""
        return sample


@MODELS.register_module()
class DetDataPreprocessor(_TextDataPreprocessor):
    """Batches for detectors; padding, to the right and below, is zero after normalisation.

    Target maps of padded images are padded with zeros; masks of zero leave pixels out.

    Args:
        mean: Per channel, RGB, 0..255 scale.
        std: Deviations, in the same form.
        size_divisor: Both sides are padded to a multiple of it.
        channels_last: Memory format of the batch.
        non_blocking: Copy to the device asynchronously.
    """

    def __init__(
        self,
        mean: Sequence[float] | float = IMAGENET_MEAN,
        std: Sequence[float] | float = IMAGENET_STD,
        size_divisor: int = 32,
        channels_last: bool = False,
        non_blocking: bool = False,
    ) -> None:
        super().__init__(mean, std, channels_last, non_blocking)
        self.size_divisor = size_divisor

    def _batch_size(self, sizes: list[tuple[int, int]]) -> tuple[int, int]:
        height, width = super()._batch_size(sizes)
        divisor = self.size_divisor
        return -(-height // divisor) * divisor, -(-width // divisor) * divisor

    def _adapt(self, sample: Any, size: tuple[int, int], padded: tuple[int, int]) -> Any:
        if size == padded or not getattr(sample, "targets", None):
            return sample
        margin = ((0, padded[0] - size[0]), (0, padded[1] - size[1]))
        sample = copy.copy(sample)
        sample.targets = {name: np.pad(array, margin) for name, array in sample.targets.items()}
        return sample


@MODELS.register_module()
class RecDataPreprocessor(_TextDataPreprocessor):
    """Batches for recognizers; crops of several widths are padded on the right to the widest.

    Padding is zero after normalisation, and ``valid_ratio`` of a padded sample is lowered to match.

    Args:
        mean: One value or one per channel (RGB), 0..255 scale.
        std: Deviations, in the same form.
        width_divisor: The batch's width is padded to a multiple of it.
        channels_last: Memory format of the batch.
        non_blocking: Copy to the device asynchronously.
    """

    def __init__(
        self,
        mean: Sequence[float] | float = 127.5,
        std: Sequence[float] | float = 127.5,
        width_divisor: int = 4,
        channels_last: bool = False,
        non_blocking: bool = False,
    ) -> None:
        super().__init__(mean, std, channels_last, non_blocking)
        self.width_divisor = width_divisor

    def _batch_size(self, sizes: list[tuple[int, int]]) -> tuple[int, int]:
        height, width = super()._batch_size(sizes)
        return height, -(-width // self.width_divisor) * self.width_divisor

    def _adapt(self, sample: Any, size: tuple[int, int], padded: tuple[int, int]) -> Any:
        if size[1] == padded[1]:
            return sample
        sample = copy.copy(sample)
        sample.valid_ratio *= size[1] / padded[1]
        return sample
