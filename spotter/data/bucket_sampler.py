"""Batches of crops that share a width, so that none is padded."""

from __future__ import annotations

import bisect
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

from torch.utils.data import Sampler

from spotter.errors import ConfigError
from spotter.registry import DATA_SAMPLERS
from spotter.runtime.input_size import bucket_width

_WAITING = 8


@DATA_SAMPLERS.register_module()
class BucketBatchSampler(Sampler):
    """Collects the indices of a sampler by the width that their crops will take in the input.

    A batch is given out when one width has enough crops; what is left over waits. The order depends
    on the sampler only, so a resumed run that draws it again gets the same batches.

    Args:
        sampler: Endless sampler of indices.
        batch_size: Crops per batch.
        dataset: Gives ``image_size(index) -> (width, height)``; by default ``sampler.dataset``.
        widths: The buckets, see ``RecResize(mode="buckets")``.
        height: Height of every input.
        stretch: See :func:`spotter.runtime.input_size.bucket_width`.
        composition: How many crops of each source of a concatenated dataset a batch has, in this
            order. Of a width in which one source is ahead of another, only its newest crops wait,
            enough for eight batches. ``None``: batches are as the crops come.

    Raises:
        ConfigError: The dataset does not know the sizes of its images, or the composition is not
            one number for each of its sources with ``batch_size`` as their sum.
    """

    def __init__(
        self,
        sampler: Any,
        batch_size: int,
        widths: Sequence[int],
        height: int = 32,
        dataset: Any = None,
        stretch: float | None = None,
        composition: Sequence[int] | None = None,
    ) -> None:
        self.source = sampler
        self.dataset = dataset if dataset is not None else getattr(sampler, "dataset", None)
        if self.dataset is None:
            raise ConfigError("BucketBatchSampler needs a sampler that knows its dataset")
        self.batch_size = batch_size
        self.widths = sorted(widths)
        self.height = height
        self.stretch = stretch
        self.composition = None if composition is None else list(composition)
        if self.composition is not None:
            sources = len(getattr(self.dataset, "cumulative_sizes", [0]))
            if len(self.composition) != sources or sum(self.composition) != batch_size:
                raise ConfigError(
                    f"BucketBatchSampler: composition {self.composition} does not give batches of"
                    f" {batch_size} crops from {sources} sources"
                )

    def __len__(self) -> int:
        return len(self.source) // self.batch_size

    def __iter__(self) -> Iterator[list[int]]:
        counts = self.composition or [self.batch_size]
        waiting: dict[int, list[deque[int]]] = {
            width: [deque(maxlen=_WAITING * count) for count in counts] for width in self.widths
        }
        for index in self.source:
            width, height = sample_size(self.dataset, index)
            parts = waiting[bucket_width(width, height, self.height, self.widths, self.stretch)]
            parts[0 if self.composition is None else source_of(self.dataset, index)].append(index)
            if all(len(part) >= count for part, count in zip(parts, counts, strict=True)):
                yield [
                    part.popleft()
                    for part, count in zip(parts, counts, strict=True)
                    for _ in range(count)
                ]


def source_of(dataset: Any, index: int) -> int:
    """Number of the source of a concatenation of datasets that an index belongs to."""
    return bisect.bisect_right(dataset.cumulative_sizes, index)


def sample_size(dataset: Any, index: int) -> tuple[int, int]:
    """(width, height) of an image of a dataset or of a concatenation of datasets.

    Raises:
        ConfigError: The dataset does not know.
    """
    if hasattr(dataset, "cumulative_sizes"):
        source = source_of(dataset, index)
        start = dataset.cumulative_sizes[source - 1] if source else 0
        return sample_size(dataset.datasets[source], index - start)
    if not hasattr(dataset, "image_size"):
        raise ConfigError(
            f"{type(dataset).__name__} does not know the sizes of its images before it makes them;"
            " write them to an LMDB first (tools/synthesize.py)"
        )
    return dataset.image_size(index)
