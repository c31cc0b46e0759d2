"""Both sides of an analysis, and the samples whose pictures are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spotter.data.readers.base import list_images
from spotter.errors import ImageError
from spotter.evaluation.by_name import Record, Sample, named
from spotter.evaluation.saved import (
    GroundTruth,
    Scale,
    ScoredPhotos,
    ScoredWords,
    photos_in_step,
    read_readings,
    words_in_step,
)
from spotter.evaluation.submissions import is_label_archive, read_label_archive, read_submission
from spotter.io.images import image_size


@dataclass(frozen=True)
class Inputs:
    """What is compared.

    Attributes:
        sides: Words of photos, or word crops.
        samples: Canonical samples by name, in the frame of the predictions.
    """

    sides: ScoredPhotos | ScoredWords
    samples: Mapping[str, Sample]


def open_inputs(
    predictions: str | Path,
    ground_truth: GroundTruth,
    texts: bool = True,
    scale: Scale | None = None,
    predicted_only: bool = False,
) -> Inputs:
    """Read both sides; from the predictions it is seen whether they are of photos or word crops.

    Args:
        predictions: Our JSON lines, or an official submission.
        ground_truth: The truth.
        texts: Whether an official submission of photos has texts.
        scale: Brings the truth of photos into the frame of the predictions.
        predicted_only: Leave out images without a line of predictions, instead of counting their
            words as missed.

    Raises:
        AnnotationError: A file is malformed, or an image is predicted of which there is no truth.
        ConfigError: Unknown layout, its files are not found, or ``scale`` cannot be applied.
    """
    if Path(predictions).exists() and is_label_archive(predictions):
        records = read_submission(predictions, texts)
    else:
        records = read_readings(predictions)
    here, there = str(predictions), str(ground_truth.path)
    if not any("instances" in record for record in records.values()):
        samples = ground_truth.samples(detection=False)
        return Inputs(words_in_step(records, samples, here, None, predicted_only), samples)
    samples = _photos(ground_truth)
    photos = photos_in_step(records, samples, here, there, scale, predicted_only)
    if scale is not None:
        samples = {
            name: _in_frame(sample, photos.records.get(name), scale)
            for name, sample in samples.items()
        }
    return Inputs(photos, samples)


def _photos(ground_truth: GroundTruth) -> dict[str, Sample]:
    root = ground_truth.image_root
    if root is None or ground_truth.layout is not None or not is_label_archive(ground_truth.path):
        return ground_truth.samples(detection=True)
    # Official labels name no photos: those of the same stem are shown.
    files = {path.stem: str(path) for path in list_images(Path(root), recursive=True)}
    samples = read_label_archive(ground_truth.path)
    return named(
        {**sample, "img_path": files.get(sample["img_path"], sample["img_path"])}
        for sample in samples
    )


def _in_frame(sample: Sample, record: Record | None, scale: Scale) -> Sample:
    """A sample whose photo is resized as its words were."""
    if record is not None and record.get("width") and record.get("height"):
        return {**sample, "resize_to": (int(record["width"]), int(record["height"]))}
    if scale == "fit":
        return sample
    try:
        size = np.array(image_size(sample["img_path"])) * np.array(scale)
    except ImageError:
        return sample
    return {**sample, "resize_to": tuple(np.rint(size).astype(int).tolist())}
