"""Datasets: a reader, an optional cache of decoded images, and a pipeline."""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.logging import print_log
from torch.utils.data import ConcatDataset as TorchConcatDataset
from torch.utils.data import Dataset

from spotter.data.cache import CachedImages
from spotter.data.pipeline import build_pipeline
from spotter.data.randomness import integer
from spotter.data.readers import Reader, SelectedReader
from spotter.data.readers.base import built_reader
from spotter.data.readers.selected import select
from spotter.data.transforms.loading import archived_size, is_archived, load_pixels
from spotter.data.word_context import seen_size
from spotter.errors import ConfigError, ImageError
from spotter.geometry import native_size
from spotter.io.images import image_size
from spotter.label_alphabet import LabelAlphabet
from spotter.registry import DATASETS

_MAX_REDRAWS = 50


class TextDataset(Dataset):
    """Canonical samples of a reader, run through a pipeline.

    Args:
        reader: A reader or its config.
        pipeline: Transforms or their configs, in order.
        start: First of the reader's samples to keep; negative values count from the end.
        stop: One past the last to keep; negative values count from the end.
        indices: Positions of the samples to keep, in this order, instead of ``start`` and ``stop``.
        repeat: How often the samples come per epoch.
        cache_dir: Folder in which the images are kept decoded (:class:`CachedImages`); ``None``
            decodes at every access.
        cache_height: See ``max_height`` of :class:`CachedImages`.
        name: Name of the source, given to every sample as ``source``.
        fraction: Share of the samples (of those selected) to keep, drawn by ``subset_seed`` alone,
            so that all methods learn from the same ones; a smaller share is part of a larger one.
        subset_seed: See ``fraction``.
        skip_unreadable: An image that cannot be read is replaced by another sample, with a line in
            the log, and counted, instead of ending the run. :class:`SpotterRunner` asks for it
            where it trains.
        cache_threads: Threads that decode when the cache is made.

    Attributes:
        unreadable: Images that could not be read so far, by this process.

    Raises:
        ConfigError: No samples are left, the selection is faulty, fifty in a row were refused by
            the pipeline, or ``fraction`` is outside (0, 1].
    """

    def __init__(
        self,
        reader: Reader | Mapping[str, Any],
        pipeline: Sequence[Any] = (),
        *,
        start: int | None = None,
        stop: int | None = None,
        indices: Sequence[int] | None = None,
        repeat: int = 1,
        cache_dir: str | Path | None = None,
        cache_height: int | None = None,
        name: str = "",
        fraction: float = 1.0,
        subset_seed: int = 0,
        skip_unreadable: bool = False,
        cache_threads: int = 1,
    ) -> None:
        self.reader: Reader = built_reader(reader)
        self.pipeline = build_pipeline(pipeline)
        self.indices = select(len(self.reader), start, stop, indices)
        if not self.indices:
            raise ConfigError(f"dataset {name or type(self.reader).__name__} has no samples")
        if fraction != 1.0:
            self.indices = random_share(self.indices, fraction, subset_seed)
        self.repeat = repeat
        self.name = name
        self.skip_unreadable = skip_unreadable
        self.unreadable: set[str] = set()
        self.cache: CachedImages | None = None
        if cache_dir is not None:
            # Not a list: an archive of millions of crops must not be read into memory at once.
            self.cache = CachedImages(
                SelectedReader(self.reader, indices=self.indices),
                cache_dir,
                cache_height,
                skip_unreadable=skip_unreadable,
                threads=max(1, cache_threads),
            )

    @property
    def metainfo(self) -> dict[str, Any]:
        """What mmengine's evaluators ask a dataset for."""
        return {"name": self.name}

    def __len__(self) -> int:
        return len(self.indices) * self.repeat

    def sample(self, index: int) -> dict[str, Any]:
        """The canonical sample before the pipeline, the caller's to modify."""
        position = index % len(self.indices)
        results = self.reader[self.indices[position]]
        if self.cache is not None:
            results["img"] = self.cache[position]
        if self.name:
            results["source"] = self.name
        return results

    def image_size(self, index: int) -> tuple[int, int]:
        """Width and height of an image before the pipeline, without decoding it.

        Of a crop that shows more than its word, those of the word as ``RecAugment`` cuts it.
        """
        try:
            return self._image_size(index % len(self.indices))
        except ImageError:
            if not self.skip_unreadable:
                raise
            # A sample that replaces it is drawn when it is loaded.
            return 1, 1

    def _image_size(self, position: int) -> tuple[int, int]:
        sample: dict[str, Any] = {}
        if self.cache is None or getattr(self.reader, "context", None):
            sample = self.reader[self.indices[position]]
        if self.cache is not None:
            width, height = self.cache.size(position)
            if not height:
                raise ImageError(f"image {position} could not be read when cached")
        elif "polygon" in sample:
            width, height = native_size(sample["polygon"])
        elif "img_path" in sample:
            width, height = image_size(sample["img_path"])
        elif is_archived(sample) and "resize_to" not in sample:
            width, height = archived_size(sample)
        else:
            height, width = load_pixels(sample).shape[:2]
        return seen_size(width, height, sample.get("context", 0.0))

    def __getitem__(self, index: int) -> Any:
        if not 0 <= index < len(self):
            raise IndexError(f"index {index} of a dataset of {len(self)} samples")
        for _ in range(_MAX_REDRAWS):
            try:
                packed = self.pipeline(self.sample(index))
            except ImageError as error:
                if not self.skip_unreadable:
                    raise
                self._note_unreadable(str(error))
                packed = None
            if packed is not None:
                return packed
            index = integer(len(self))
        raise ConfigError(f"the pipeline refused {_MAX_REDRAWS} samples in a row")

    def _note_unreadable(self, reason: str) -> None:
        if reason not in self.unreadable:
            self.unreadable.add(reason)
            name = self.name or type(self.reader).__name__
            count = len(self.unreadable)
            print_log(f"{name}: skipped image {count}: {reason}", "current", logging.WARNING)


def random_share(indices: Sequence[int], fraction: float, seed: int) -> list[int]:
    """A random share of ``indices`` in their order; at least one.

    Raises:
        ConfigError: ``fraction`` is outside (0, 1].
    """
    if not 0.0 < fraction <= 1.0:
        raise ConfigError(f"fraction must be in (0, 1], not {fraction}")
    order = np.random.default_rng(seed).permutation(len(indices))
    kept = max(1, round(fraction * len(indices)))
    return [indices[place] for place in sorted(order[:kept].tolist())]


@DATASETS.register_module()
class TextDetDataset(TextDataset):
    """Photos with words: ``{"inputs": (3, H, W) uint8 BGR, "data_samples": TextDetSample}``.

    Arguments are those of :class:`TextDataset`, without ``cache_height``.
    """

    def __init__(
        self,
        reader: Reader | Mapping[str, Any],
        pipeline: Sequence[Any] = (),
        *,
        start: int | None = None,
        stop: int | None = None,
        indices: Sequence[int] | None = None,
        repeat: int = 1,
        cache_dir: str | Path | None = None,
        name: str = "",
        skip_unreadable: bool = False,
        cache_threads: int = 1,
    ) -> None:
        super().__init__(
            reader,
            pipeline,
            start=start,
            stop=stop,
            indices=indices,
            repeat=repeat,
            cache_dir=cache_dir,
            name=name,
            skip_unreadable=skip_unreadable,
            cache_threads=cache_threads,
        )


@DATASETS.register_module()
class TextRecDataset(TextDataset):
    """Word crops: ``{"inputs": (3, H, W) uint8 BGR, "data_samples": TextRecSample}``.

    Args:
        label_alphabet: What the labels can express, see :meth:`LabelAlphabet.load`: those of
            letters and digits only (``"62"``) leave out the marks in the pictures. Given to every
            sample that has none of its own, as ``label_alphabet``; ``None``: labels tell
            everything.
        unspellable: What training does with labels that have characters which the model's charset
            cannot spell: ``"refuse"`` to begin, naming them, or ``"leave_out"`` these words. They
            are never shortened to what can be spelled.
        nothing_to_read: Whether no crop holds a character of the charset, such as words of another
            script: the labels count as the empty text, and a recognizer learns to read nothing.
        others: Those of :class:`TextDataset`.

    Raises:
        CharsetError: There is no such alphabet.
        ConfigError: ``unspellable`` is neither.
    """

    def __init__(
        self,
        *others: Any,
        label_alphabet: str | Mapping[str, Any] | LabelAlphabet | None = None,
        unspellable: str = "refuse",
        nothing_to_read: bool = False,
        **named: Any,
    ) -> None:
        self.label_alphabet = None if label_alphabet is None else LabelAlphabet.load(label_alphabet)
        if unspellable not in ("refuse", "leave_out"):
            raise ConfigError(f"unspellable must be refuse or leave_out, not {unspellable!r}")
        self.unspellable = unspellable
        self.nothing_to_read = nothing_to_read
        super().__init__(*others, **named)

    def labels(self, limit: int | None = None) -> Iterator[str]:
        """Labels of the samples that have one, without loading images.

        Args:
            limit: Of more samples than this, so many at even distances are asked.
        """
        if self.nothing_to_read:
            return
        step = 1 if limit is None else max(1, -(-len(self.indices) // limit))
        for position in range(0, len(self.indices), step):
            text = self.reader[self.indices[position]].get("text")
            if text:
                yield text

    def sample(self, index: int) -> dict[str, Any]:
        """See :meth:`TextDataset.sample`."""
        results = super().sample(index)
        if self.label_alphabet is not None:
            results.setdefault("label_alphabet", self.label_alphabet)
        if self.nothing_to_read:
            results["text"] = ""
        return results


@DATASETS.register_module()
class ConcatDataset(TorchConcatDataset):
    """Several sources as one; :class:`spotter.data.samplers.RatioSampler` mixes them by ``ratios``.

    Args:
        datasets: Datasets or their configs.
        ratios: Share of each source in a batch, any positive scale; read by the sampler.

    Raises:
        ConfigError: ``ratios`` are not one positive number per dataset.
    """

    def __init__(self, datasets: Sequence[Any], ratios: Sequence[float] | None = None) -> None:
        built = [DATASETS.build(item) if isinstance(item, Mapping) else item for item in datasets]
        super().__init__(built)
        if ratios is not None and (len(ratios) != len(built) or min(ratios) <= 0):
            raise ConfigError(f"ratios {list(ratios)} are not one positive number per dataset")
        self.ratios = None if ratios is None else list(ratios)

    @property
    def metainfo(self) -> dict[str, Any]:
        """That of the first source."""
        return copy.deepcopy(getattr(self.datasets[0], "metainfo", {}))
