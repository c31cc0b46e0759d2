"""Data sets, batch makers and validation sets from the tables of a config."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mmengine.config import Config

from research.gpu.mixed_batches import MixedSource, PhotoBatches, WordBatches
from spotter.charset import Charset
from spotter.data.datasets import TextDataset, TextRecDataset
from spotter.data.transforms import (
    DBTargets,
    LoadCrop,
    LoadImage,
    RandomAffineCrop,
    RecAugment,
)
from spotter.errors import SpotterError
from spotter.registry import READERS
from spotter.runtime.input_size import RecInputSize
from spotter.training.header import register_models

# Colour, blur, noise and JPEG come later, for whole batches on the accelerator.
_STILL: dict[str, Any] = dict.fromkeys(
    ("color", "invert", "grey", "blur", "resample", "noise", "jpeg"), 0.0
)
_GEOMETRY: dict[str, dict[str, Any]] = {
    "photo": {"geometric": 0.7, "clip": 0.12, "steep": 0.05},
    "drawn": {"geometric": 0.5, "clip": 0.12, "steep": 0.05},
}


class IgnoreAll:
    """A transform that takes every outline as neither text nor background."""

    def __call__(self, results: dict[str, Any]) -> dict[str, Any]:
        """Mark all instances."""
        instances = [{**item, "ignore": True} for item in results["instances"]]
        return {**results, "instances": instances}


def load_config(name: str) -> Config:
    """A config by its name in ``research/gpu/configs`` or by its path."""
    path = Path(__file__).parent / "configs" / f"{name}.py"
    cfg = Config.fromfile(path if path.is_file() else name)
    register_models()
    return cfg


def open_source(row: dict[str, Any], pipeline: list[Any], cache: Path, limit: int | None) -> Any:
    """The data set of a table's row; ``None`` if it is optional and missing or empty.

    Args:
        row: The row.
        pipeline: Transforms.
        cache: Folder of decoded images.
        limit: Use no more samples than this.

    Raises:
        SpotterError: The source is missing and not optional.
    """
    try:
        reader = READERS.build(dict(row["reader"]))
        if not len(reader):
            raise SpotterError("holds no samples")
        options = {
            "stop": limit,
            "cache_dir": cache,
            "cache_height": row.get("height"),
            "name": row["name"],
            "cache_threads": os.cpu_count() or 1,
        }
        if row.get("nothing_to_read"):
            return TextRecDataset(reader, pipeline, nothing_to_read=True, **options)
        return TextDataset(reader, pipeline, **options)
    except SpotterError as error:
        if not row.get("optional"):
            raise
        print(f"left out: {row['name']} ({error})", flush=True)
        return None


def batch_maker(cfg: Config, cache: Path, limit: int | None = None) -> WordBatches | PhotoBatches:
    """What makes the training batches of a config."""
    if cfg.task == "detection":
        return PhotoBatches(photo_sources(cfg, cache, limit), cfg.batch_size, cfg.crop_size)
    return WordBatches(
        word_sources(cfg, cache, limit),
        cfg.batch_size,
        RecInputSize(**input_size(cfg)),
        Charset.load(cfg.model.charset),
        cfg.model.max_length,
    )


def input_size(cfg: Config) -> dict[str, Any]:
    """Arguments of :class:`RecInputSize`, and of the transforms, for what a recognizer sees."""
    own = ("height", "mode", "widths", "stretch")
    return {name: cfg.preprocessing[name] for name in own if name in cfg.preprocessing}


def word_sources(cfg: Config, cache: Path, limit: int | None) -> list[MixedSource]:
    """The sources of words that are there."""
    sources = []
    for row in cfg.words:
        geometry = _GEOMETRY[row.get("style", "photo")]
        augment = RecAugment(**input_size(cfg), **geometry, **_STILL)
        dataset = open_source(row, [LoadCrop(), augment], cache, limit)
        if dataset is not None:
            sources.append(MixedSource(dataset, row["share"]))
    return sources


def photo_sources(cfg: Config, cache: Path, limit: int | None) -> list[MixedSource]:
    """The sources of photos that are there."""
    sources = []
    for row in cfg.photos:
        crop = RandomAffineCrop(cfg.crop_size, row["scales"], rotate=10.0, flip=0.0)
        pipeline: list[Any] = [LoadImage(), crop, DBTargets(min_side=5.0)]
        if row.get("ignored"):
            pipeline.insert(1, IgnoreAll())
        dataset = open_source(row, pipeline, cache, limit)
        if dataset is not None:
            sources.append(MixedSource(dataset, row["share"]))
    return sources
