"""Whole batches of word crops or photo crops, drawn from several sources and written in place.

These are the makers of :class:`research.gpu.shared_batches.SharedBatches`. They use the data sets
and transforms of the other loaders; what they save is the packing of samples, the collating, and
the sending.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from research.gpu.shared_batches import Field
from spotter.charset import Charset
from spotter.data.datasets import TextDataset, TextRecDataset
from spotter.data.randomness import integer, rng
from spotter.errors import CharsetError, ConfigError
from spotter.runtime.input_size import RecInputSize

TARGETS = {
    "shrink_map": "uint8",
    "shrink_mask": "uint8",
    "threshold_map": "float16",
    "threshold_mask": "uint8",
}
"""Maps of :class:`spotter.data.transforms.DBTargets` and their types."""

_MAX_REDRAWS = 50


@dataclass(frozen=True)
class MixedSource:
    """A data set and its share of the samples.

    Attributes:
        dataset: Its pipeline ends before the packing, with ``img`` and what belongs to the task.
        share: Any positive scale.
    """

    dataset: TextDataset
    share: float


class WordBatches:
    """Batches of word crops of one width, each from several sources in given shares.

    The width is drawn first, as often as the mixture has it, then each crop among those of that
    width: so every crop comes as often as if widths did not matter. Fields are ``images``
    (N, H, W, 3) uint8 BGR, ``characters`` (N, max_length) int64, 1 for the charset's first
    character and 0 after the end, and ``lengths`` (N,) int64. Crops of a source with nothing to
    read (:class:`TextRecDataset`) have no characters.

    Args:
        sources: Word crops; their pipelines end with the crop at a size of ``size``.
        batch_size: N.
        size: The resizing of the pipelines, to buckets.
        charset: Spells the labels.
        max_length: Longer words are not drawn, nor are words without a label or with a character
            that the charset lacks: cut short they would teach a false reading.

    Raises:
        ConfigError: No sources, shares that are not positive, a source without such words, or a
            size without buckets.
    """

    def __init__(
        self,
        sources: Sequence[MixedSource],
        batch_size: int,
        size: RecInputSize,
        charset: Charset,
        max_length: int = 25,
    ) -> None:
        if not size.widths:
            raise ConfigError("batches of words need an input size with widths")
        self.datasets = [source.dataset for source in sources]
        self.shares = _normalised(sources)
        self.batch_size = batch_size
        self.size = size
        self.charset = charset
        self.max_length = max_length
        self.places = [self._places_of(data) for data in self.datasets]
        # (sources, widths): how likely a sample of the mixture is of this source and width.
        counts = np.array([[len(own) for own in places] for places in self.places], np.float64)
        self.joint = self.shares[:, None] * counts / counts.sum(1, keepdims=True)

    def fields(self) -> dict[str, Field]:
        """See :class:`research.gpu.shared_batches.BatchMaker`."""
        count = self.batch_size
        return {
            "images": Field((count, self.size.height, self.size.widths[-1], 3)),
            "characters": Field((count, self.max_length), "int64"),
            "lengths": Field((count,), "int64"),
        }

    def fill(self, arrays: dict[str, np.ndarray]) -> dict[str, tuple[int, ...]]:
        """See :class:`research.gpu.shared_batches.BatchMaker`."""
        count = self.batch_size
        bucket = int(rng.choice(len(self.size.widths), p=self.joint.sum(0)))
        shapes: dict[str, tuple[int, ...]] = {
            "images": (count, self.size.height, self.size.widths[bucket], 3),
            "characters": (count, self.max_length),
            "lengths": (count,),
        }
        views = {name: arrays[name][: np.prod(s)].reshape(s) for name, s in shapes.items()}
        views["characters"][:] = 0
        shares = self.joint[:, bucket] / self.joint[:, bucket].sum()
        for row, source in enumerate(rng.choice(len(shares), count, p=shares)):
            image, tokens = self._draw(int(source), bucket)
            views["images"][row] = image
            views["characters"][row, : len(tokens)] = tokens
            views["lengths"][row] = len(tokens)
        return shapes

    def _places_of(self, data: TextDataset) -> list[np.ndarray]:
        """Places in a data set of the words to learn from, by width."""
        if _nothing_to_read(data):
            learnt = [True] * len(data.indices)
        else:
            texts = (data.reader[index].get("text") for index in data.indices)
            learnt = [self._tokens(data, text) is not None for text in texts]
        if not any(learnt):
            raise ConfigError(f"{data.name or type(data.reader).__name__}: no word to learn from")
        buckets = np.where(learnt, width_buckets(data, self.size), -1)
        return [np.flatnonzero(buckets == width) for width in range(len(self.size.widths))]

    def _tokens(self, data: TextDataset, text: str | None) -> list[int] | None:
        """See :func:`label_tokens`; none at all where there is nothing to read."""
        if _nothing_to_read(data):
            return []
        return label_tokens(self.charset, text, self.max_length)

    def _draw(self, source: int, bucket: int) -> tuple[np.ndarray, list[int]]:
        """A crop of a source and width, and its characters."""
        data, places = self.datasets[source], self.places[source][bucket]
        for _ in range(_MAX_REDRAWS):
            sample = data.sample(int(places[integer(len(places))]))
            tokens = self._tokens(data, sample["text"])
            result = data.pipeline(sample)
            if tokens is not None and result is not None:
                return result["img"], tokens
        raise ConfigError(f"{data.name}: the pipeline refused {_MAX_REDRAWS} samples in a row")


class PhotoBatches:
    """Batches of square crops of photos with the targets of DBNet.

    Fields are ``images`` (N, S, S, 3) uint8 BGR and the maps of :data:`TARGETS`, (N, S, S) each.

    Args:
        sources: Photos; their pipelines end with a crop of S x S pixels and its ``targets``.
        batch_size: N.
        size: S.

    Raises:
        ConfigError: No sources, or shares that are not positive.
    """

    def __init__(self, sources: Sequence[MixedSource], batch_size: int, size: int) -> None:
        self.datasets = [source.dataset for source in sources]
        self.shares = _normalised(sources)
        self.batch_size = batch_size
        self.size = size

    def fields(self) -> dict[str, Field]:
        """See :class:`research.gpu.shared_batches.BatchMaker`."""
        shape = (self.batch_size, self.size, self.size)
        return {
            "images": Field((*shape, 3)),
            **{name: Field(shape, dtype) for name, dtype in TARGETS.items()},
        }

    def fill(self, arrays: dict[str, np.ndarray]) -> dict[str, tuple[int, ...]]:
        """See :class:`research.gpu.shared_batches.BatchMaker`."""
        shapes = {name: field.shape for name, field in self.fields().items()}
        views = {name: arrays[name].reshape(shape) for name, shape in shapes.items()}
        for row, source in enumerate(rng.choice(len(self.shares), self.batch_size, p=self.shares)):
            result = self._draw(int(source))
            views["images"][row] = result["img"]
            for name in TARGETS:
                views[name][row] = result["targets"][name]
        return shapes

    def _draw(self, source: int) -> dict[str, Any]:
        data = self.datasets[source]
        for _ in range(_MAX_REDRAWS):
            result = data.pipeline(data.sample(integer(len(data))))
            if result is not None:
                return result
        raise ConfigError(f"{data.name}: the pipeline refused {_MAX_REDRAWS} samples in a row")


def label_tokens(charset: Charset, text: str | None, max_length: int) -> list[int] | None:
    """1 + the index of each character of a label; ``None``: it cannot be learnt from.

    That is so if it is unknown or empty, longer than ``max_length``, or holds a character that the
    charset cannot spell.
    """
    if not text:
        return None
    try:
        spelled = charset.normalize(text, unknown="refuse")
    except CharsetError:
        return None
    if not 0 < len(spelled) <= max_length:
        return None
    return [charset.index(character) + 1 for character in spelled]


def width_buckets(dataset: TextDataset, input_size: RecInputSize) -> np.ndarray:
    """(samples,) int64: place among its widths of the bucket of each sample of the data set."""
    known: dict[tuple[int, int], int] = {}
    buckets: np.ndarray = np.empty(len(dataset.indices), np.int64)
    for index in range(len(buckets)):
        size = dataset.image_size(index)
        if size not in known:
            known[size] = input_size.widths.index(input_size(*size))
        buckets[index] = known[size]
    return buckets


def _nothing_to_read(data: TextDataset) -> bool:
    """Whether the right reading of all crops is the empty one."""
    return isinstance(data, TextRecDataset) and data.nothing_to_read


def _normalised(sources: Sequence[MixedSource]) -> np.ndarray:
    """The shares, with sum 1."""
    shares = np.array([source.share for source in sources], np.float64)
    if not len(shares) or not (shares > 0).all():
        raise ConfigError(f"batches need sources with positive shares, got {shares.tolist()}")
    return shares / shares.sum()
