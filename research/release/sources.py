"""Further training data of a session: synthetic samples, and unlabelled crops and photos."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

from mmengine.config import Config

from research.release.settings import SessionSettings
from spotter.bulk.run import Photos
from spotter.charset import Charset
from spotter.errors import ConfigError
from spotter.hub.resolution import weights_file
from spotter.io.images import IMAGE_SUFFIXES
from spotter.label_alphabet import LabelAlphabet
from spotter.labeling.photo_labels import VIEWS, LabelJob, LabelRules, PhotoLabeller, label_photos
from spotter.labeling.pseudo_labels import label_samples
from spotter.pipeline.word_recognizer import WordRecognizer
from spotter.registry import READERS
from spotter.synthesis.writers import (
    SynthesisSettings,
    write_page_words,
    write_pages,
    write_scenes,
    write_words,
)


def add_sources(cfg: Config, settings: SessionSettings, cache: str) -> None:
    """Mix the data that a session asks for into its training set.

    Args:
        cfg: The release config, which is changed.
        settings: Of the session.
        cache: Folder of decoded photos and crops.

    Raises:
        ConfigError: Data that this kind of model cannot learn from, or that cannot be labelled.
    """
    if settings.synthetic:
        _add_synthetic(cfg, settings, cache)
    if settings.signs:
        _add_signs(cfg, settings, cache)
    if settings.pages:
        _add_pages(cfg, settings, cache)
    if settings.unlabelled is not None:
        _add_unlabelled(cfg, settings, cache)
    if settings.photos:
        _add_photos(cfg, settings, cache)


def _add_synthetic(cfg: Config, settings: SessionSettings, cache: str) -> None:
    """Draw synthetic samples into the state's folder, once, and mix them in."""
    kind = cfg.release.synthetic
    folder = settings.state / f"synthetic_{kind}"
    dataset = cfg.train_dataloader.dataset
    pipeline = cfg.release.get("synthetic_pipeline") or dataset.datasets[0].pipeline
    drawing = _drawing(cfg, settings, label_margin=cfg.release.get("label_margin", 0.0))
    if kind == "words":
        write_words(folder, drawing, settings.synthetic, _processes(settings))
        source = _drawn_words("synthetic", folder, pipeline, cache)
    else:
        write_scenes(folder, drawing, settings.synthetic, _processes(settings))
        source = {
            "type": "TextDetDataset",
            "name": "synthetic",
            "reader": {
                "type": "ICDARDetectionReader",
                "annotation_root": str(folder / "gt"),
                "image_root": str(folder / "images"),
            },
            "pipeline": pipeline,
            "cache_dir": cache,
        }
    _mix_in(dataset, source, cfg.release.synthetic_share)


def _add_signs(cfg: Config, settings: SessionSettings, cache: str) -> None:
    """Draw words of shop fronts into the state's folder, once, and mix them in."""
    if settings.kind != "recognizer":
        raise ConfigError("words of signs are for recognizers; a detector learns from scenes")
    folder = settings.state / "synthetic_signs"
    drawing = _drawing(cfg, settings, style="signs")
    write_words(folder, drawing, settings.signs, _processes(settings))
    source = _drawn_words("signs", folder, cfg.release.synthetic_pipeline, cache)
    _mix_in(cfg.train_dataloader.dataset, source, cfg.release.signs_share)
    cfg.release.data += ", synthetic words like the lettering of shop fronts"


def _add_pages(cfg: Config, settings: SessionSettings, cache: str) -> None:
    """Draw pages and screens, or their words, into the state's folder, once, and mix them in."""
    drawing = _drawing(cfg, settings, label_margin=cfg.release.get("label_margin", 0.0))
    if settings.kind == "recognizer":
        folder = settings.state / "synthetic_page_words"
        drawing = replace(drawing, label_margin=0.0)
        write_page_words(folder, drawing, settings.pages, _processes(settings))
        source = _drawn_words("page_words", folder, cfg.release.synthetic_pipeline, cache)
    else:
        folder = settings.state / "synthetic_pages"
        write_pages(folder, drawing, settings.pages, _processes(settings))
        reader = {
            "type": "CTW1500TextReader",
            "annotation_root": str(folder / "gt"),
            "image_root": str(folder / "images"),
        }
        source = {
            "type": "TextDetDataset",
            "name": "pages",
            "reader": reader,
            "pipeline": cfg.release.pages_pipeline,
            "cache_dir": cache,
        }
    _mix_in(cfg.train_dataloader.dataset, source, cfg.release.pages_share)
    cfg.release.data += ", synthetic pages and screens"


def _drawing(cfg: Config, settings: SessionSettings, **others: Any) -> SynthesisSettings:
    """How synthetic samples are drawn, from the material in the data's folder."""
    root = Path(settings.data_root)
    return SynthesisSettings(
        fonts=(str(root / "fonts"),),
        words=(str(root / "words"),),
        backgrounds=(str(root / "backgrounds"),),
        charset=cfg.model.get("charset") or cfg.release.get("charset", "94"),
        **others,
    )


def _processes(settings: SessionSettings) -> int:
    """Processes that draw."""
    return settings.workers or os.cpu_count() or 1


def _drawn_words(name: str, folder: Path, pipeline: Any, cache: str) -> dict[str, Any]:
    """Config of a set of synthetic words."""
    reader = {"type": "LMDBReader", "lmdb_path": str(folder)}
    return _word_source(name, reader, pipeline, cache, 48)


def _add_unlabelled(cfg: Config, settings: SessionSettings, cache: str) -> None:
    """Mix in unlabelled crops as the shipped preset reads them; read once per version of it."""
    reader: dict[str, Any] = {"type": "LMDBReader", "lmdb_path": str(settings.unlabelled)}
    preset, digest = _teacher(settings, "crops")
    labels = settings.state / f"readings_{digest}.jsonl"
    teacher = WordRecognizer(preset, runtime="torch", turn=False)
    label_samples(teacher, READERS.build(reader), labels)
    reader = {
        "type": "PseudoLabelReader",
        "labels": str(labels),
        "threshold": cfg.release.unlabelled_threshold,
        "min_length": 2,
        "reader": reader,
    }
    dataset = cfg.train_dataloader.dataset
    source = _word_source("unlabelled", reader, dataset.datasets[0].pipeline, cache, 64)
    source["label_alphabet"] = _alphabet_of_readings(cfg)
    _mix_in(dataset, source, cfg.release.unlabelled_share)
    cfg.release.data += ", unlabelled crops of photos as the shipped preset had read them"


def _add_photos(cfg: Config, settings: SessionSettings, cache: str) -> None:
    """Mix in the words of photos without labels of their own."""
    if settings.photo_labels and len(settings.photo_labels) != len(settings.photos):
        raise ConfigError("give one folder of label files per folder of photos")
    folders = settings.photo_labels or _label_with_teacher(settings)
    readers: list[dict[str, Any]] = []
    for folder, labels in zip(settings.photos, folders, strict=True):
        boxes = {
            "type": "ICDARDetectionReader",
            "annotation_root": str(labels),
            "image_root": str(folder),
        }
        words = {"margin": 0.05, "context": 0.5, "min_height": 8.0, "max_length": 32}
        readers.append({"type": "SceneWordsReader", "reader": boxes, **words})
    counts = [len(READERS.build(reader)) for reader in readers]
    if not sum(counts):
        raise ConfigError(f"{settings.photos[0]}: no word of the photos could be labelled")
    dataset = cfg.train_dataloader.dataset
    pipeline = dataset.datasets[0].pipeline
    left = cfg.release.photos_share
    for number, (reader, count) in enumerate(zip(readers, counts, strict=True)):
        if count:
            share = cfg.release.photos_share * count / sum(counts)
            source = _word_source(f"photos{number}", reader, pipeline, cache, 96)
            source["label_alphabet"] = _alphabet_of_readings(cfg)
            # Later sources shrink this one in proportion.
            left -= share
            _mix_in(dataset, source, share / (1 - left))
    how = "that the shipped preset read alike many times"
    if settings.photo_labels:
        how = "on which the shipped preset and an independent reader (RapidOCR) agreed"
    cfg.release.data += f", words of unlabelled photos {how}"


def _label_with_teacher(settings: SessionSettings) -> list[Path]:
    """Label unlabelled photos with the shipped preset, once per version of it.

    Returns:
        The folder of label files of each folder of photos.
    """
    rules = LabelRules()
    preset, digest = _teacher(settings, "photos", f"{rules}{VIEWS}")
    job = LabelJob(cache(lambda: PhotoLabeller(preset, _runtime(preset), rules=rules)))
    folders = []
    for number, folder in enumerate(settings.photos):
        files = sorted(folder.iterdir()) if folder.is_dir() else []
        photos = {p.name: p for p in files if p.suffix.lower() in IMAGE_SUFFIXES}
        if not photos:
            raise ConfigError(f"{folder}: no photos in it")
        labels = settings.state / f"labels_{digest}" / f"{number}_{folder.resolve().name}"
        done = settings.state / f"labels_{digest}" / f"{number}.done"
        if not done.exists():
            label_photos(Photos.named(photos), labels, job)
            done.touch()
        folders.append(labels)
    return folders


def _teacher(settings: SessionSettings, what: str, salt: str = "") -> tuple[Path, str]:
    """The shipped preset as a file, for it to label ``what``, and what changes along with it."""
    if settings.kind != "recognizer":
        raise ConfigError(f"unlabelled {what} are for recognizers; a detector learns from photos")
    presets = settings.weights_folder / "presets.json"
    if not presets.is_file():
        raise ConfigError(f"{presets}: nothing shipped yet that could read unlabelled {what}")
    # A recognizer given by itself would read without the preset's language and test-time
    # augmentation.
    preset = json.loads(presets.read_text(encoding="utf-8"))["default"]
    digest = hashlib.sha256(json.dumps(preset).encode() + salt.encode())
    for part in ("detector", "recognizer"):
        shipped = weights_file(preset[part], "torch", settings.weights_folder)
        digest.update(shipped.read_bytes())
        preset[part] = str(shipped.resolve())
    name = digest.hexdigest()[:12]
    file = settings.state / f"teacher_{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(preset, indent=1), encoding="utf-8")
    return file, name


def _runtime(preset: Path) -> str:
    """The quicker of the runtimes for which the weights of a preset are there."""
    parts = json.loads(preset.read_text(encoding="utf-8"))
    files = [Path(parts[part]).with_suffix(".onnx") for part in ("detector", "recognizer")]
    return "auto" if all(file.is_file() for file in files) else "torch"


def _word_source(name: str, reader: Any, pipeline: Any, cache: str, height: int) -> dict[str, Any]:
    """Config of a data set of words."""
    return {
        "type": "TextRecDataset",
        "name": name,
        "reader": reader,
        "pipeline": pipeline,
        "cache_dir": cache,
        "cache_height": height,
    }


def _alphabet_of_readings(cfg: Config) -> dict[str, Any] | None:
    """What was read has no spaces, even where the crop shows some."""
    words = LabelAlphabet.of_words(Charset.load(cfg.model.charset).characters)
    return None if words is None else asdict(words)


def _mix_in(dataset: Any, source: dict[str, Any], share: float) -> None:
    """Add a source that gets a share of the samples, the others keep their proportions."""
    total = sum(dataset.ratios)
    dataset.ratios = [ratio / total * (1 - share) for ratio in dataset.ratios] + [share]
    dataset.datasets.append(source)
