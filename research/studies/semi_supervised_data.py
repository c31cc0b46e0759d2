"""Data of the semi-supervised study: what it trains on, and what it is tested on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmengine.dataset import pseudo_collate

from research.configs import packaged_config
from research.studies.rows import write_json
from spotter.bulk.run import Photos
from spotter.evaluation import evaluate_recognition
from spotter.hub.resolution import resolve_preset
from spotter.io.folders import list_images
from spotter.labeling.crop_mining import CropMiningSettings, mine_crops
from spotter.registry import DATASETS
from spotter.synthesis.writers import SynthesisSettings, write_words
from spotter.training.launch import load_config

PHOTOS = (
    "packages_unlabelled",
    "mlt17_en_fr/images",
    "icdar2015_train/images",
    "icdar2003/images",
    "svt_scenes_train/img",
)
"""Folders of photos below the data root whose words are mined."""


TESTS = ("svt", "icdar2015", "iiit5k")


def prepare_data(root: Path, out: Path, synthetic: int) -> None:
    """Draw rendered words and mine real ones, unless the folder has them already.

    Args:
        root: Folder of the data sets.
        out: Folder of the study, which gets ``synthetic_words`` and ``mined_words``.
        synthetic: Number of rendered words.
    """
    done = out / "data.json"
    if done.is_file():
        return
    drawing = SynthesisSettings(
        fonts=(str(root / "fonts"),),
        words=(str(root / "words"),),
        backgrounds=(str(root / "backgrounds"),),
    )
    print(f"drawing {synthetic} words", flush=True)
    write_words(out / "synthetic_words", drawing, synthetic)
    photos: dict[str, Path] = {}
    for folder in PHOTOS:
        found = list_images(root / folder)
        photos.update({path.as_posix(): path for path in found.values() if not held_out(path)})
    detector = CropMiningSettings(str(resolve_preset().detector))
    report = mine_crops(Photos.named(photos), out / "mined_words", detector)
    print(f"crop mining: {report}", flush=True)
    write_json(done, {"photos": len(photos), "mined": report.total})


def held_out(path: Path) -> bool:
    """Whether a photo shows words that are tested on: one of the last 100 of ICDAR2015."""
    if path.parts[-3:-1] != ("icdar2015_train", "images"):
        return False
    return int(path.stem.rpartition("_")[2]) > 900


def score(recognizer: Any, root: Path, width: int) -> dict[str, float]:
    """Accuracy of a recognizer on each test set, and their mean; 36 characters, case folded.

    Args:
        recognizer: In evaluation mode.
        root: Folder of the data sets.
        width: Of the recognizer's input.
    """
    accuracies = {}
    for name, batches in test_batches(root, width):
        read, truths = [], []
        for batch in batches:
            for sample in recognizer.val_step(batch):
                read.append(sample.predicted_text)
                truths.append(sample.text)
        accuracies[name] = evaluate_recognition(read, truths).weighted.accuracy
    accuracies["mean"] = sum(accuracies.values()) / len(TESTS)
    return accuracies


def test_batches(root: Path, width: int) -> Iterator[tuple[str, Iterator[Any]]]:
    """Names of the test sets and their collated batches of 128 words.

    Args:
        root: Folder of the data sets.
        width: Of the recognizer's input.
    """
    bases = {"svt": "svt_words", "icdar2015": "icdar2015_words", "iiit5k": "iiit5k"}
    keys = {"svt": "svt_words_val", "icdar2015": "icdar2015_words_val", "iiit5k": "iiit5k_train"}
    options = {"data_root": str(root)}
    for name in TESTS:
        base = load_config(packaged_config(f"_base_/datasets/{bases[name]}.py"), options)
        dataset = DATASETS.build(dict(base[keys[name]], pipeline=_plain_pipeline(width)))
        yield name, _batches(dataset, 128)


def _plain_pipeline(width: int) -> list[dict[str, Any]]:
    resize = {"type": "RecResize", "height": 32, "mode": "fixed", "width": width}
    return [{"type": "LoadCrop"}, resize, {"type": "PackRecInputs"}]


def _batches(dataset: Any, size: int) -> Iterator[Any]:
    for start in range(0, len(dataset), size):
        yield pseudo_collate([dataset[i] for i in range(start, min(start + size, len(dataset)))])
