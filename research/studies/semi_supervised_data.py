"""Data of the semi-supervised study: what it trains on, and what it is tested on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.dataset import pseudo_collate

from research.configs import packaged_config
from research.studies.rows import write_json
from research.studies.words import RULES, Marks, mark
from spotter.bulk.run import Photos
from spotter.data.bucket_sampler import sample_size
from spotter.errors import ConfigError
from spotter.hub.resolution import resolve_preset
from spotter.io.folders import list_images
from spotter.labeling.crop_mining import CropMiningSettings, mine_crops
from spotter.models.recognition.prediction.autoregressive import AutoregressivePrediction
from spotter.registry import DATASETS
from spotter.runtime.input_size import bucket_width
from spotter.structures import TextRecSample
from spotter.synthesis.writers import SynthesisSettings, write_words
from spotter.training.launch import load_config

PHOTOS = (
    "packages_unlabelled",
    "logos_unlabelled/images",
    "svt_scenes_train/img",
    "icdar2003/images",
    "mlt17_en_fr/images",
    "icdar2015_train/images",
)
"""Folders of photos below the data root whose words are mined."""

_TESTS = {
    "svt": ("svt_words", "svt_words_val"),
    "icdar2015": ("icdar2015_words", "icdar2015_words_val"),
    "iiit5k": ("iiit5k", "iiit5k_train"),
    "receipts": ("receipt_words", "receipt_words_val"),
}
TESTS = tuple(_TESTS)
"""SVT, ICDAR2015's words 3961 to 4468, IIIT5K's training words, the last 500 of receipts."""

Tests = Mapping[str, tuple[str, str]]
"""Of each test the name of its config below ``configs/_base_/datasets`` and of the set in it."""

Read = Callable[[Any], Mapping[str, Sequence[str]]]
"""Gives the texts of a collated batch as each decoder of a recognizer reads it."""


def prepare_data(root: Path, out: Path, synthetic: int) -> None:
    """Draw rendered words and mine real ones, unless the folder has them already.

    Args:
        root: Folder of the data sets.
        out: Folder of the study, which gets ``synthetic_words`` and ``mined_words``.
        synthetic: Number of rendered words; 0: none.
    """
    done = out / "data.json"
    made = json.loads(done.read_text()) if done.is_file() else {}
    if made.get("photo_folders") != list(PHOTOS):
        photos: dict[str, Path] = {}
        for folder in PHOTOS:
            found = list_images(root / folder)
            photos.update({path.as_posix(): path for path in found.values() if not held_out(path)})
        detector = CropMiningSettings(str(resolve_preset().detector))
        report = mine_crops(Photos.named(photos), out / "mined_words", detector)
        print(f"crop mining: {report}", flush=True)
        receipts = len(DATASETS.build(_part(root, "receipt_words", "receipt_words_train")))
        made |= {"photos": len(photos), "mined": report.total, "receipts": receipts}
        made["photo_folders"] = list(PHOTOS)
    if synthetic and made.get("synthetic") != synthetic:
        drawing = SynthesisSettings(
            fonts=(str(root / "fonts"),),
            words=(str(root / "words"),),
            backgrounds=(str(root / "backgrounds"),),
        )
        print(f"drawing {synthetic} words", flush=True)
        write_words(out / "synthetic_words", drawing, synthetic)
        made["synthetic"] = synthetic
    write_json(done, made)


def held_out(path: Path) -> bool:
    """Whether a photo shows words that are tested on: one of the last 100 of ICDAR2015."""
    if path.parts[-3:-1] != ("icdar2015_train", "images"):
        return False
    return int(path.stem.rpartition("_")[2]) > 900


def unlabelled_datasets(root: Path, mined: Path) -> list[dict[str, Any]]:
    """Configs of the real words without labels: mined ones, and all receipts but the last 500.

    Where the truth is known, it becomes ``hidden_text``: of receipts, and of crops of the photos
    of ICDAR2015 and ICDAR2003.

    Args:
        root: Folder of the data sets.
        mined: Archive of the mined words.
    """
    annotations = [
        {
            "type": "ICDARDetectionReader",
            "annotation_root": str(root / folder / "gt"),
            "image_root": str(root / folder / "images"),
        }
        for folder in ("icdar2015_train", "icdar2003")
    ]
    reader = {"type": "MinedWordsReader", "lmdb_path": str(mined), "annotations": annotations}
    receipts = _part(root, "receipt_words", "receipt_words_train")
    return [{"type": "TextRecDataset", "name": "mined", "reader": reader}, receipts]


def marks_of_tests(
    read: Read,
    root: Path,
    size: Mapping[str, Any],
    limit: int | None = None,
    tests: Tests | None = None,
) -> dict[str, dict[str, Marks]]:
    """What becomes of each word of the tests.

    Args:
        read: The reader.
        root: Folder of the data sets.
        size: See :func:`batches_of_tests`.
        limit: Words of each test, the first ones; ``None``: all.
        tests: Those that are read; ``None``: :data:`TESTS`.

    Returns:
        Marks by decoder and by the names of :data:`RULES`.
    """
    marks: dict[str, dict[str, dict[str, str]]] = {}
    for test, batches in batches_of_tests(root, size, limit, tests=tests):
        texts: dict[str, list[str]] = {}
        samples: list[TextRecSample] = []
        for batch in batches:
            samples += batch["data_samples"]
            for decoder, found in read(batch).items():
                texts.setdefault(decoder, []).extend(found)
        for decoder, found in texts.items():
            for kind, rules in RULES.items():
                own = marks.setdefault(decoder, {}).setdefault(kind, {})
                own[test] = mark(found, samples, rules)
    return {decoder: dict(kinds) for decoder, kinds in marks.items()}


def batches_of_tests(
    root: Path,
    size: Mapping[str, Any],
    limit: int | None = None,
    batch_size: int = 64,
    tests: Tests | None = None,
) -> Iterator[tuple[str, Iterator[Any]]]:
    """Names of the test sets and their collated batches, each of one input width.

    Args:
        root: Folder of the data sets.
        size: Arguments of :class:`RecResize` that give the recognizer its inputs.
        limit: Words of each test, the first ones; ``None``: all.
        batch_size: Words of a batch.
        tests: Those that are read; ``None``: :data:`TESTS`.
    """
    steps = [{"type": "LoadCrop"}, {"type": "RecResize", **size}, {"type": "PackRecInputs"}]
    for name, (base, key) in (_TESTS if tests is None else tests).items():
        dataset = DATASETS.build({**_part(root, base, key), "pipeline": steps})
        count = len(dataset) if limit is None else min(limit, len(dataset))
        yield name, _batches(dataset, _same_width(dataset, count, size), batch_size)


def fixed_size(width: int) -> dict[str, Any]:
    """Arguments of :class:`RecResize` for inputs of one width."""
    return {"height": 32, "mode": "fixed", "width": width}


def _part(root: Path, base: str, key: str) -> dict[str, Any]:
    options = {"data_root": str(root)}
    config = load_config(packaged_config(f"_base_/datasets/{base}.py"), options)
    return dict(config[key].to_dict())


def _same_width(dataset: Any, count: int, size: Mapping[str, Any]) -> list[list[int]]:
    """Positions of the first ``count`` words, grouped by the width of their inputs."""
    if size["mode"] == "fixed":
        return [list(range(count))]
    if size["mode"] != "buckets":
        raise ConfigError(f"a study's inputs are fixed or in buckets, not {size['mode']!r}")
    groups: dict[int, list[int]] = {}
    for index in range(count):
        width, height = sample_size(dataset, index)
        bucket = bucket_width(width, height, size["height"], size["widths"], size.get("stretch"))
        groups.setdefault(bucket, []).append(index)
    return [groups[bucket] for bucket in sorted(groups)]


def _batches(dataset: Any, groups: Sequence[Sequence[int]], size: int) -> Iterator[Any]:
    for group in groups:
        for start in range(0, len(group), size):
            yield pseudo_collate([dataset[i] for i in group[start : start + size]])


def decoders_of(recognizer: Any, dtype: torch.dtype = torch.float32) -> Read:
    """A reader of batches without padding, by ``prediction`` and, if there is one, ``auxiliary``.

    Args:
        recognizer: A :class:`FourStageRecognizer` in evaluation mode.
        dtype: What it computes in; float32: without autocast.
    """
    stages = [name for name in ("prediction", "auxiliary") if getattr(recognizer, name) is not None]

    @torch.no_grad()
    def read(batch: Any) -> dict[str, list[str]]:
        images = recognizer.data_preprocessor(batch, False)["inputs"]
        texts = {}
        with torch.autocast(images.device.type, dtype, enabled=dtype != torch.float32):
            visual, frames = recognizer.encode(images)
            height = visual.shape[2] if recognizer.prediction.flatten_height else 1
            for name in stages:
                decoder = getattr(recognizer, name)
                if isinstance(decoder, AutoregressivePrediction):
                    logits = decoder.decode_free(frames)[1]
                else:
                    logits = decoder(frames, None, height)
                texts[name] = [reading.text for reading in decoder.decode(logits.float())]
        return texts

    return read
