"""Methods, sizes and configs of the study of vision and language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmengine.config import Config

from research.configs import packaged_config
from research.studies.configs import merge_options, study_config, study_recognizer, walk
from research.studies.rows import Method, StudySizes
from spotter.training.launch import load_config

_VISION = "recipes/multimodal_vision_abinet.py"
_FUSION = "recipes/multimodal_fusion_abinet.py"
_SUPERVISED = "recipes/multimodal_fusion_supervised_abinet.py"
_LANGUAGE = "recipes/masked_language_cloze_small.py"


@dataclass(frozen=True)
class FusionMethod(Method):
    """One row of the table: a third stage.

    Attributes, besides those of :class:`Method`:
        vision: The first stage that it continues: ``"supervised"`` or ``"contrastive"``.
    """

    vision: str = "contrastive"


METHODS: dict[str, FusionMethod] = {
    "fusion": FusionMethod("fusion, supervised", _SUPERVISED, vision="supervised", main=True),
    "self": FusionMethod("consistency, each taught by itself", _FUSION, main=True),
    "taught_by_fusion": FusionMethod(
        "consistency, all taught by fusion", _FUSION, {"model__teacher": "fusion"}, main=True
    ),
    "fusion_contrastive": FusionMethod("fusion, supervised, SeqCLR's vision", _SUPERVISED),
    "taught_by_vision": FusionMethod(
        "consistency, all taught by vision", _FUSION, {"model__teacher": "vision"}
    ),
    "taught_by_language": FusionMethod(
        "consistency, all taught by language", _FUSION, {"model__teacher": "language"}
    ),
    "taught_by_all": FusionMethod(
        "consistency, each taught by all", _FUSION, {"model__teacher": "all"}
    ),
    "soft": FusionMethod(
        "consistency, soft labels of sure words",
        _FUSION,
        {"model__hard": False, "model__threshold": 0.5},
    ),
}
"""Rows in the order in which they are run: an interrupted study has the most telling ones."""


LANGUAGES: dict[str, tuple[str, Mapping[str, Any]]] = {
    "language": ("cloze, trained on words of which half are misspelt", {}),
    "language_clean": (
        "cloze, trained on right words",
        {"train_dataloader__dataset__noise": None},
    ),
    "language_masked": (
        "masked characters, trained on words of which half are misspelt",
        {"model__language__type": "MaskedLanguageModel"},
    ),
}
"""Language models by the names of their runs: titles and overrides. The first one serves all rows,
the others are there to be compared with it."""


@dataclass(frozen=True)
class StudySettings(StudySizes):
    """Sizes of the study at scale 1: about two hours on a slow core, for one seed.

    Attributes, besides those of :class:`StudySizes`:
        archives: Folder of the rendered and the mined words; that of the semi-supervised study
            serves.
        supervised: Iterations of the supervised vision model that all stages of a seed go on from.
        supervised_batch: Labelled crops per iteration of it.
        supervised_rate: Peak of its learning rate.
        vision: Iterations of stage 1, with and without contrast.
        language: Iterations of stage 2.
        words: Words per iteration of it.
        fusion: Iterations of a row.
        batch: Crops per iteration of stages 1 and 3.
        labelled: Share of the labelled ones.
        rate: Peak of the learning rate of stages 1 and 3.
        rounds: Rounds of correction.
        synthetic: Rendered words to draw.
    """

    archives: Path = field(kw_only=True)
    supervised: int = 10000
    supervised_batch: int = 64
    supervised_rate: float = 2e-3
    vision: int = 500
    language: int = 1000
    words: int = 384
    fusion: int = 700
    batch: int = 48
    labelled: float = 0.3
    rate: float = 7e-4
    rounds: int = 2
    synthetic: int = 40000


def start_config(seed: int, settings: StudySettings) -> Config:
    """The supervised vision model: one view of each word, guided by CTC."""
    iterations = settings.count(settings.supervised)
    cfg = study_config(
        "recipes/supervised_ctc_compact.py",
        settings,
        iterations,
        settings.supervised_batch,
        seed,
        optim_wrapper__optimizer__lr=settings.supervised_rate,
    )
    cfg.param_scheduler[0].update(eta_max=settings.supervised_rate, pct_start=0.1)
    cfg.model = study_vision(settings, guided=True)
    if settings.start is not None:
        cfg.load_from = settings.start.load_encoder()
    cfg = _with_data(cfg, settings)
    cfg.custom_hooks = [{"type": "FrameAlignmentHook", "iterations": iterations}]
    return cfg


def vision_config(kind: str, seed: int, settings: StudySettings) -> Config:
    """Stage 1, from the start: supervised alone, or with SeqCLR on all crops."""
    cfg = study_config(
        _VISION,
        settings,
        settings.count(settings.vision),
        settings.batch,
        1000 + seed,
        optim_wrapper__optimizer__lr=settings.rate,
    )
    cfg.param_scheduler[0].eta_max = settings.rate
    cfg.model.recognizer = study_vision(settings)
    cfg.load_from = {"path": str(weights_of("start", seed, settings))}
    if kind == "supervised":
        cfg.model.contrastive_weight = 0.0
        _labelled_only(cfg, settings)
    return _with_data(cfg, settings)


def language_config(settings: StudySettings, name: str = "language") -> Config:
    """Stage 2, the same for all seeds; ``name`` is one of :data:`LANGUAGES`."""
    cfg = load_config(packaged_config(_LANGUAGE), {"data_root": str(settings.data_root)})
    iterations = settings.count(settings.language)
    cfg.model.language = small_language()
    cfg.train_dataloader.batch_size = settings.words
    cfg.train_cfg.update(max_iters=iterations, val_interval=iterations)
    cfg.default_hooks.checkpoint.update(
        save_best=None, interval=None, minutes=5, keep=1, save_last=True
    )
    cfg.custom_hooks = []
    cfg.visualizer.vis_backends = [{"type": "LocalVisBackend"}]
    cfg.device = settings.device
    merge_options(cfg, LANGUAGES[name][1])
    return cfg


def row_config(name: str, seed: int, settings: StudySettings) -> Config:
    """Stage 3."""
    method = METHODS[name]
    cfg = study_config(
        method.config,
        settings,
        settings.count(settings.fusion),
        settings.batch,
        2000 + seed,
        validations=3,
        optim_wrapper__optimizer__lr=settings.rate,
    )
    cfg.param_scheduler[0].eta_max = settings.rate
    recognizer = cfg.model.recognizer
    recognizer.vision, recognizer.language = study_vision(settings), small_language()
    recognizer.rounds = settings.rounds
    cfg.load_from = [
        {"path": str(weights_of(method.vision, seed, settings)), "into": "vision"},
        {"path": str(weights_of("language", 0, settings)), "into": "language"},
    ]
    merge_options(cfg, method.options)
    if method.config == _SUPERVISED:
        _labelled_only(cfg, settings)
    cfg = _with_data(cfg, settings)
    cfg.custom_hooks = [{"type": "FusionStartHook"}]
    return cfg


def study_vision(settings: StudySettings, guided: bool = False) -> Any:
    """Config of the vision model of all rows, with a parallel decoder.

    Args:
        settings: The study's.
        guided: CTC guides its frames, as it must at first: without it, the decoder needs many times
            as many updates to find where the characters are.
    """
    prediction = {
        "type": "ParallelPrediction",
        "key_network": "linear",
        "flatten_height": False,
    }
    guide = {"auxiliary": {"type": "CTCPrediction", "weight": 1.0}} if guided else {}
    return study_recognizer(settings, prediction=prediction, max_length=16, **guide)


def small_language() -> dict[str, Any]:
    """Config of the language model of all rows."""
    return {
        "type": "ClozeLanguageModel",
        "charset": "36",
        "max_length": 16,
        "channels": 96,
        "num_layers": 2,
        "heads": 4,
        "expansion": 3.0,
        "dropout": 0.0,
    }


def _labelled_only(cfg: Config, settings: StudySettings) -> None:
    """As many labelled crops as the other rows see, and no others."""
    dataset = cfg.train_dataloader.dataset
    dataset.datasets, dataset.ratios = dataset.datasets[:1], [1.0]
    cfg.train_dataloader.batch_size = max(2, round(settings.labelled * settings.batch))


def _with_data(cfg: Config, settings: StudySettings) -> Config:
    """The study's archives; rendered words and mined ones, nothing else."""
    dataset = cfg.train_dataloader.dataset
    if len(dataset.get("datasets", ())) > 2:
        dataset.datasets = dataset.datasets[:2]
        dataset.ratios = [settings.labelled, 1.0 - settings.labelled]
    for part in walk(cfg.train_dataloader):
        if part.get("name") in ("synthetic", "mined"):
            part["reader"]["lmdb_path"] = str(settings.archives / f"{part['name']}_words")
            part["unspellable"] = "leave_out"  # of 36 characters, as the language model
    cfg.custom_hooks = []
    cfg.default_hooks.checkpoint.save_last = True
    return cfg


def run_folder(name: str, seed: int, settings: StudySettings) -> Path:
    """Folder of a training by its name and seed."""
    return settings.out / "runs" / f"{name}_seed{seed}"


def weights_of(name: str, seed: int, settings: StudySettings) -> Path:
    """Weights that a training ended with."""
    return run_folder(name, seed, settings) / "last.safetensors"
