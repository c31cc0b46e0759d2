"""One piece of the training of a released model: resume, train for some minutes, validate, save."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import platform
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config

import spotter
from spotter.errors import ConfigError
from spotter.hub.zoo import weights_file
from spotter.io.images import IMAGE_SUFFIXES
from spotter.labeling.photo_labels import VIEWS, LabelRules, PhotoLabeller, label_photos
from spotter.labeling.pseudo_labels import label_samples
from spotter.pipeline.word_recognizer import WordRecognizer
from spotter.registry import READERS
from spotter.synthesis.writers import SynthesisSettings, write_scenes, write_words
from spotter.training.checkpoint import find_last_checkpoint
from spotter.training.distributed import select_device
from spotter.training.hooks.checkpoint import save_deployable
from spotter.training.hooks.peer_averaging import PEER_ITERATIONS
from spotter.training.hooks.piece_schedule import ITERATIONS, MINUTES
from spotter.training.launch import training_config
from spotter.training.runner import SpotterRunner

CONFIGS = {
    "detector": "detection/dbnet_mobilenetv3_release.py",
    "recognizer": "recognition/deep_ctc_release.py",
}
CANDIDATE = "candidate.safetensors"
_LOGGED = "logged_iterations"
_ON_CUDA = {"detector": {"batch_size": 48}, "recognizer": {"batch_size": 512}}


@dataclass
class PieceReport:
    """What one piece did; a line of the log that grows over all pieces.

    Attributes:
        model: Name of the model.
        date: Day on which the piece ended.
        minutes: Minutes of training, validation not counted; with those of pieces before it that
            were cut off and so are in no log.
        iterations: Iterations done so far, over all pieces.
        samples: Samples seen in these minutes, with those of pieces beside it.
        machine: Device and threads.
        started_from: ``"state"``, ``"shipped weights"``, ``"unfinished"`` weights, the weights it
            grew out of, or ``"scratch"``.
        grown_from: The shipped model that it is a deeper version of; empty: none.
        score: The model's own validation score.
        metric: Which of ``metrics`` that is; empty in logs from before it was recorded.
        metrics: All validation scores.
        pair: Scores of the default pair with these weights.
        shipped_pair: The same in the same run with the weights shipped before.
        shipped: Whether the weights became the shipped ones.
        note: What was tried in this piece.
    """

    model: str
    date: str
    minutes: float
    iterations: int
    samples: int
    machine: str
    started_from: str
    score: float
    metrics: dict[str, float] = field(default_factory=dict)
    pair: dict[str, float] = field(default_factory=dict)
    shipped_pair: dict[str, float] = field(default_factory=dict)
    shipped: bool = False
    note: str = ""
    grown_from: str = ""
    metric: str = ""

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready values."""
        return asdict(self)


@dataclass(frozen=True)
class PieceSettings:
    """Arguments of a piece.

    Attributes:
        kind: ``"detector"`` or ``"recognizer"``.
        minutes: Minutes of training.
        state: Folder of the training state.
        data_root: Folder of the data sets.
        zoo: Folder of the shipped weights, from which a fresh state starts.
        unfinished: Folder of weights that are not good enough to ship yet; a fresh state goes on
            from those of its model, if there are any.
        config: Config file instead of the kind's own.
        synthetic: Number of synthetic samples to draw into the state's folder first.
        signs: For a recognizer, number of words of shop fronts and logos to draw in addition.
        unlabelled: LMDB of crops without labels (``tools/harvest_crops.py``) for a recognizer to
            learn from as well: the shipped pair reads them, with its language, and the readings it
            is sure of become labels (one round of self-training per version of the weights).
        photos: Folders of photos without labels for a recognizer to learn from as well: the shipped
            pair labels the words that it reads alike from many sides
            (:class:`spotter.labeling.photo_labels.LabelRules`), once per version of the weights.
        photo_labels: For each of those folders one of label files that are there already, such as
            those on which the shipped pair and an independent reader agree
            (``tools/label_photos.py --by agreement``); empty: see ``photos``.
        workers: Loader processes and synthesis processes; ``None``: none on two cores or fewer,
            else one per core.
        peak: Peak of the learning rate as a factor of the config's.
        beside: Folder shared with pieces of the same model that train at the same time, each from
            a state of its own: they average their weights now and then, and see the samples in
            orders of their own.
        options: Overrides of config values.
        note: Goes into the log.
    """

    kind: str
    minutes: float
    state: Path
    data_root: Path
    zoo: Path
    unfinished: Path | None = None
    config: Path | None = None
    synthetic: int = 0
    signs: int = 0
    unlabelled: Path | None = None
    photos: tuple[Path, ...] = ()
    photo_labels: tuple[Path, ...] = ()
    workers: int | None = None
    peak: float = 1.0
    beside: Path | None = None
    options: dict[str, Any] = field(default_factory=dict)
    note: str = ""


def packaged_config(name: str) -> Path:
    """A config by its path below ``configs/``, from the checkout or the installed package.

    Raises:
        ConfigError: There is none of that name.
    """
    package = Path(spotter.__file__).parent
    for folder in (package.parent / "configs", package / "configs"):
        if (folder / name).is_file():
            return folder / name
    raise ConfigError(f"{name}: no such config in the package")


def train_piece(settings: PieceSettings) -> tuple[PieceReport, Path]:
    """Train a piece and write the weights that it ended with.

    Returns:
        The report, not yet shipped, and the file of the weights in the state's folder.

    Raises:
        ConfigError: Unknown kind, missing data.
    """
    if settings.kind not in CONFIGS:
        raise ConfigError(f'a released model is "detector" or "recognizer", not "{settings.kind}"')
    cfg = piece_config(settings)
    name, metric = cfg.release.name, cfg.release.metric
    started_from = "scratch"
    if find_last_checkpoint(settings.state) is not None:
        started_from = "state"
    elif cfg.get("load_from"):
        start = Path(cfg.load_from)
        started_from = f"{start.stem}, grown"
        if start.stem == name:
            started_from = "shipped weights" if start.parent == settings.zoo else "unfinished"
    runner = SpotterRunner.from_cfg(cfg)
    runner.train()
    hub = runner.message_hub
    minutes = float(hub.get_info(MINUTES, 0.0))
    iterations = int(hub.get_info(ITERATIONS, 0)) + int(hub.get_info(PEER_ITERATIONS, 0))
    metrics = {key: float(value) for key, value in runner.val_loop.run().items()}
    report = PieceReport(
        model=name,
        date=datetime.date.today().isoformat(),
        minutes=round(minutes, 1),
        iterations=runner.iter,
        samples=iterations * cfg.train_dataloader.batch_size,
        machine=_machine(runner.device),
        started_from=started_from,
        score=metrics[metric],
        metrics=metrics,
        note=settings.note,
        grown_from=cfg.release.get("grown_from") or "",
        metric=metric,
    )
    candidate = settings.state / CANDIDATE
    save_deployable(runner, candidate, half=True, card=_card(cfg, report))
    return report, candidate


def piece_config(settings: PieceSettings) -> Config:
    """The release config with state, data, time limit and device of a piece filled in."""
    path = settings.config or packaged_config(CONFIGS[settings.kind])
    options = {**settings.options, "data_root": str(settings.data_root)}
    cfg = training_config(path, settings.state, options, resume=True)
    device = select_device(cfg.get("device", "auto"))
    cfg.train_dataloader.update(_loader_options(settings, device))
    if device.type == "cuda":
        cfg.optim_wrapper.dtype = "auto"
    cache = str(settings.state / "cache")
    for dataset in (*_sources(cfg.train_dataloader), *_sources(cfg.val_dataloader)):
        dataset["cache_dir"] = cache
    if settings.synthetic:
        _add_synthetic(cfg, settings, cache)
    if settings.signs:
        _add_signs(cfg, settings, cache)
    if settings.unlabelled is not None:
        _add_unlabelled(cfg, settings, cache)
    if settings.photos:
        _add_photos(cfg, settings, cache)
    hooks = dict(cfg.get("default_hooks") or {})
    keep = cfg.release.get("checkpoints", 1)
    hooks["checkpoint"] = {"type": "TimedCheckpointHook", "minutes": 4, "keep": keep}
    cfg.default_hooks = hooks
    cfg.custom_hooks = [
        *(cfg.get("custom_hooks") or []),
        {
            "type": "PieceScheduleHook",
            "minutes": settings.minutes,
            "peak": settings.peak,
            "logged": logged_iterations(settings.state),
        },
        {"type": "TimeLimitHook", "minutes": settings.minutes},
    ]
    if settings.beside is not None:
        _train_beside(cfg, settings.beside, settings.state)
    start = starting_weights(cfg, settings.zoo, settings.unfinished)
    if find_last_checkpoint(settings.state) is None and start is not None:
        cfg.load_from = str(start)
        cfg.model.get("backbone", {}).pop("pretrained", None)
    return cfg


def _train_beside(cfg: Config, folder: Path, state: Path) -> None:
    """Average with the pieces that share a folder; the state's place is this piece's name."""
    digest = hashlib.sha256(str(state.resolve()).encode()).hexdigest()
    hook = {"type": "PeerAveragingHook", "folder": str(folder), "name": digest[:12]}
    cfg.custom_hooks.append(hook)
    cfg.randomness = {**(cfg.get("randomness") or {}), "seed": int(digest[:6], 16)}


def logged_iterations(state: Path) -> int:
    """Iterations of a state's training that are in the log of pieces."""
    file = state / _LOGGED
    return int(file.read_text()) if file.is_file() else 0


def mark_logged(state: Path, report: PieceReport) -> None:
    """Remember that a piece is in the log: the next one counts from there."""
    (state / _LOGGED).write_text(str(report.iterations))


def starting_weights(cfg: Config, zoo: Path, unfinished: Path | None = None) -> Path | None:
    """What a fresh state starts from; ``None``: from scratch.

    The model's own unfinished weights come first, then its shipped ones, then the shipped ones of
    the model that it grows out of.

    Args:
        cfg: The release config.
        zoo: Folder of the shipped weights.
        unfinished: Folder of weights that are not shipped yet, if any.
    """
    name, grown_from = cfg.release.name, cfg.release.get("grown_from")
    places = [(unfinished, name), (zoo, name), (zoo, grown_from)]
    for folder, weights in places:
        if folder and weights and (folder / f"{weights}.safetensors").is_file():
            return folder / f"{weights}.safetensors"
    return None


def _loader_options(settings: PieceSettings, device: torch.device) -> dict[str, Any]:
    workers = settings.workers
    if workers is None:
        cores = os.cpu_count() or 1
        workers = cores if cores > 2 else 0
    options: dict[str, Any] = {"num_workers": workers, "persistent_workers": workers > 0}
    if device.type == "cuda":
        options.update(_ON_CUDA[settings.kind], pin_memory=True)
    return options


def _sources(loader: Any) -> list[Any]:
    """The reading data sets of a loader's config."""
    dataset = loader.dataset
    return list(dataset.datasets) if "datasets" in dataset else [dataset]


def _add_synthetic(cfg: Config, settings: PieceSettings, cache: str) -> None:
    """Draw synthetic samples into the state's folder, once, and mix them in."""
    kind = cfg.release.synthetic
    folder = settings.state / f"synthetic_{kind}"
    dataset = cfg.train_dataloader.dataset
    pipeline = cfg.release.get("synthetic_pipeline") or dataset.datasets[0].pipeline
    drawing = _drawing(settings, label_margin=cfg.release.get("label_margin", 0.0))
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


def _add_signs(cfg: Config, settings: PieceSettings, cache: str) -> None:
    """Draw words of shop fronts into the state's folder, once, and mix them in."""
    if settings.kind != "recognizer":
        raise ConfigError("words of signs are for recognizers; a detector learns from scenes")
    folder = settings.state / "synthetic_signs"
    write_words(folder, _drawing(settings, style="signs"), settings.signs, _processes(settings))
    source = _drawn_words("signs", folder, cfg.release.synthetic_pipeline, cache)
    _mix_in(cfg.train_dataloader.dataset, source, cfg.release.signs_share)
    cfg.release.data += ", synthetic words like the lettering of shop fronts"


def _drawing(settings: PieceSettings, **others: Any) -> SynthesisSettings:
    """How synthetic samples are drawn, from the material in the data's folder."""
    root = Path(settings.data_root)
    return SynthesisSettings(
        fonts=(str(root / "fonts"),),
        words=(str(root / "words"),),
        backgrounds=(str(root / "backgrounds"),),
        **others,
    )


def _processes(settings: PieceSettings) -> int:
    """Processes that draw."""
    return settings.workers or os.cpu_count() or 1


def _drawn_words(name: str, folder: Path, pipeline: Any, cache: str) -> dict[str, Any]:
    """Config of a set of synthetic words."""
    reader = {"type": "LMDBReader", "lmdb_path": str(folder)}
    return _word_source(name, reader, pipeline, cache, 48)


def _add_unlabelled(cfg: Config, settings: PieceSettings, cache: str) -> None:
    """Read the unlabelled crops with the shipped pair, once per version of it, and mix them in."""
    reader: dict[str, Any] = {"type": "LMDBReader", "lmdb_path": str(settings.unlabelled)}
    pair, digest = _teacher(settings, "crops")
    labels = settings.state / f"readings_{digest}.jsonl"
    teacher = WordRecognizer(pair, runtime="torch", turn=False)
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
    _mix_in(dataset, source, cfg.release.unlabelled_share)
    cfg.release.data += ", unlabelled crops of photos as the shipped pair had read them"


def _add_photos(cfg: Config, settings: PieceSettings, cache: str) -> None:
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
        words = {"margin": 0.05, "context": 0.5, "min_height": 8.0, "max_length": 25}
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
            # Later sources shrink this one in proportion.
            left -= share
            _mix_in(dataset, source, share / (1 - left))
    how = "that the shipped pair read alike many times"
    if settings.photo_labels:
        how = "on which the shipped pair and an independent reader (RapidOCR) agreed"
    cfg.release.data += f", words of unlabelled photos {how}"


def _label_with_teacher(settings: PieceSettings) -> list[Path]:
    """Label unlabelled photos with the shipped pair, once per version of it.

    Returns:
        The folder of label files of each folder of photos.
    """
    rules = LabelRules()
    pair, digest = _teacher(settings, "photos", f"{rules}{VIEWS}")
    labeller: PhotoLabeller | None = None
    folders = []
    for number, folder in enumerate(settings.photos):
        files = sorted(folder.iterdir()) if folder.is_dir() else []
        photos = {p.name: p for p in files if p.suffix.lower() in IMAGE_SUFFIXES}
        if not photos:
            raise ConfigError(f"{folder}: no photos in it")
        labels = settings.state / f"labels_{digest}" / f"{number}_{folder.resolve().name}"
        done = settings.state / f"labels_{digest}" / f"{number}.done"
        if not done.exists():
            labeller = labeller or PhotoLabeller(pair, _runtime(pair), rules=rules)
            label_photos(photos, labels, labeller)
            done.touch()
        folders.append(labels)
    return folders


def _teacher(settings: PieceSettings, what: str, salt: str = "") -> tuple[Path, str]:
    """The shipped pair as a file, for it to label ``what``, and what changes along with it."""
    if settings.kind != "recognizer":
        raise ConfigError(f"unlabelled {what} are for recognizers; a detector learns from photos")
    pairs = settings.zoo / "zoo.json"
    if not pairs.is_file():
        raise ConfigError(f"{pairs}: nothing shipped yet that could read unlabelled {what}")
    # A recognizer given by itself would read without the pair's language and second look.
    pair = json.loads(pairs.read_text(encoding="utf-8"))["default"]
    digest = hashlib.sha256(json.dumps(pair).encode() + salt.encode())
    for part in ("detector", "recognizer"):
        shipped = weights_file(pair[part], "torch", settings.zoo)
        digest.update(shipped.read_bytes())
        pair[part] = str(shipped.resolve())
    name = digest.hexdigest()[:12]
    file = settings.state / f"teacher_{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(pair, indent=1), encoding="utf-8")
    return file, name


def _runtime(pair: Path) -> str:
    """The quicker of the runtimes for which the weights of a pair are there."""
    parts = json.loads(pair.read_text(encoding="utf-8"))
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


def _mix_in(dataset: Any, source: dict[str, Any], share: float) -> None:
    """Add a source that gets a share of the samples, the others keep their proportions."""
    total = sum(dataset.ratios)
    dataset.ratios = [ratio / total * (1 - share) for ratio in dataset.ratios] + [share]
    dataset.datasets.append(source)


def _machine(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{platform.machine()} CPU, {torch.get_num_threads()} threads"


def _schedule(cfg: Config) -> str:
    """How the pieces are trained, in a line."""
    optimizer = cfg.optim_wrapper.optimizer
    text = (
        f"{optimizer.type}, learning rate {optimizer.lr:g}, a cosine with warm restart per piece,"
        f" batches of {cfg.train_dataloader.batch_size}"
    )
    averages = [h["decay"] for h in cfg.get("custom_hooks") or [] if h["type"] == "EMAHook"]
    return text + "".join(f", weights averaged with {decay:g}" for decay in averages)


def _card(cfg: Config, report: PieceReport) -> dict[str, Any]:
    return {
        "data": cfg.release.data,
        "protocol": cfg.release.protocol,
        "score": report.score,
        "metric": report.metric,
        "metrics": report.metrics,
        "iterations": report.iterations,
        "date": report.date,
        "schedule": _schedule(cfg),
        "licence": "weights Apache-2.0; the training photos are for research and not included",
        "command": f"tools/release.py {'detector' if cfg.task == 'detection' else 'recognizer'}",
    }
