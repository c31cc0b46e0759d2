"""The study of vision and language: what does knowing words add to seeing them?"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config

from research.configs import packaged_config
from research.studies.common import (
    Scale,
    StudySizes,
    machine,
    run,
    run_rows,
    study_config,
    walk,
    write_json,
)
from research.studies.multimodal_score import (
    milliseconds_per_word,
    score_correction,
    score_modalities,
)
from research.studies.semi_supervised_data import prepare_data, score
from spotter.training.launch import load_config
from spotter.training.weights import build_from_weights

_VISION = "recipes/multimodal_vision_abinet.py"
_FUSION = "recipes/multimodal_fusion_abinet.py"
_SUPERVISED = "recipes/multimodal_fusion_supervised_abinet.py"
_LANGUAGE = "recipes/masked_language_cloze_small.py"

#: Weights of the language model in the correction without training.
CORRECTION_WEIGHTS = (0.25, 0.5, 1.0)


@dataclass(frozen=True)
class Method:
    """One row of the table: a third stage.

    Attributes:
        title: As in the table.
        config: The recipe.
        options: Overrides of the config.
        vision: The first stage that it goes on from: ``"supervised"`` or ``"contrastive"``.
        main: Whether it gets all seeds.
    """

    title: str
    config: str
    options: Mapping[str, Any] = field(default_factory=dict)
    vision: str = "contrastive"
    main: bool = False


METHODS: dict[str, Method] = {
    "fusion": Method("fusion, supervised", _SUPERVISED, vision="supervised", main=True),
    "self": Method("consistency, each taught by itself", _FUSION, main=True),
    "taught_by_fusion": Method(
        "consistency, all taught by fusion", _FUSION, {"model__teacher": "fusion"}, main=True
    ),
    "fusion_contrastive": Method("fusion, supervised, SeqCLR's vision", _SUPERVISED),
    "taught_by_vision": Method(
        "consistency, all taught by vision", _FUSION, {"model__teacher": "vision"}
    ),
    "taught_by_language": Method(
        "consistency, all taught by language", _FUSION, {"model__teacher": "language"}
    ),
    "taught_by_all": Method("consistency, each taught by all", _FUSION, {"model__teacher": "all"}),
    "soft": Method(
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
        archives: Folder of the rendered and the harvested words; that of the semi-supervised study
            serves.
        start: Iterations of the supervised vision model that all stages of a seed go on from.
        start_batch: Labelled crops per iteration of it.
        start_rate: Peak of its learning rate.
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
    start: int = 10000
    start_batch: int = 64
    start_rate: float = 2e-3
    vision: int = 500
    language: int = 1000
    words: int = 384
    fusion: int = 700
    batch: int = 48
    labelled: float = 0.3
    rate: float = 7e-4
    rounds: int = 2
    synthetic: int = 40000


def run_study(
    settings: StudySettings, names: Sequence[str] | None = None, seeds: int = 1
) -> list[Path]:
    """Run the rows that are not finished: all with seed 0, then the main ones with the others.

    Args:
        settings: Sizes and folders.
        names: Rows to run, by their names in :data:`METHODS`; ``None``: all.
        seeds: How many seeds the main rows get.

    Returns:
        The files of the rows, one each.

    Raises:
        ConfigError: Unknown row, rows of other settings in the folder, or missing data.
    """
    return run_rows(
        settings,
        METHODS,
        lambda name, seed: run_row(name, seed, settings),
        names,
        seeds,
        lambda: prepare_data(settings.data_root, settings.archives, settings.synthetic),
    )


def run_row(name: str, seed: int, settings: StudySettings) -> dict[str, Any]:
    """Train the stages that a row needs and are not there yet, and score them.

    Finished trainings of an interrupted row are not repeated.

    Returns:
        The row: every number that the runs gave, with the seed and the seconds.
    """
    began = time.monotonic()
    method = METHODS[name]
    stages = {
        "start": _stage("start", seed, settings, lambda: start_config(seed, settings)),
        **{name: _language(name, settings) for name in LANGUAGES},
        "vision": _stage(
            method.vision, seed, settings, lambda: vision_config(method.vision, seed, settings)
        ),
    }
    row = {
        "row": name,
        "title": method.title,
        "vision": method.vision,
        "seed": seed,
        "machine": machine(),
        "threads": torch.get_num_threads(),
        "settings": settings.kept(),
        "data": json.loads((settings.archives / "data.json").read_text()),
        "stages": stages,
        "train": _stage(name, seed, settings, lambda: row_config(name, seed, settings)),
    }
    row["wall_seconds"] = time.monotonic() - began
    return row


def start_config(seed: int, settings: StudySettings) -> Config:
    """The supervised vision model: one view of each word, guided by CTC."""
    iterations = settings.count(settings.start)
    cfg = study_config(
        "recipes/supervised_ctc_compact.py",
        _scale(settings),
        iterations,
        settings.start_batch,
        seed,
        optim_wrapper__optimizer__lr=settings.start_rate,
    )
    cfg.param_scheduler[0].update(eta_max=settings.start_rate, pct_start=0.1)
    cfg.model = small_vision(guided=True)
    cfg = _with_data(cfg, settings)
    cfg.custom_hooks = [{"type": "FrameAlignmentHook", "iterations": iterations}]
    return cfg


def vision_config(kind: str, seed: int, settings: StudySettings) -> Config:
    """Stage 1, from the start: supervised alone, or with SeqCLR on all crops."""
    cfg = study_config(
        _VISION,
        _scale(settings),
        settings.count(settings.vision),
        settings.batch,
        1000 + seed,
        optim_wrapper__optimizer__lr=settings.rate,
    )
    cfg.param_scheduler[0].eta_max = settings.rate
    cfg.model.recognizer = small_vision()
    cfg.load_from = {"path": str(_weights("start", seed, settings))}
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
    options = LANGUAGES[name][1]
    cfg.merge_from_dict({key.replace("__", "."): value for key, value in options.items()})
    return cfg


def row_config(name: str, seed: int, settings: StudySettings) -> Config:
    """Stage 3."""
    method = METHODS[name]
    cfg = study_config(
        method.config,
        _scale(settings),
        settings.count(settings.fusion),
        settings.batch,
        2000 + seed,
        validations=3,
        optim_wrapper__optimizer__lr=settings.rate,
    )
    cfg.param_scheduler[0].eta_max = settings.rate
    recognizer = cfg.model.recognizer
    recognizer.vision, recognizer.language = small_vision(), small_language()
    recognizer.rounds = settings.rounds
    cfg.load_from = [
        {"path": str(_weights(method.vision, seed, settings)), "into": "vision"},
        {"path": str(_weights("language", 0, settings)), "into": "language"},
    ]
    cfg.merge_from_dict({key.replace("__", "."): value for key, value in method.options.items()})
    if method.config == _SUPERVISED:
        _labelled_only(cfg, settings)
    cfg = _with_data(cfg, settings)
    cfg.custom_hooks = [{"type": "FusionStartHook"}]
    return cfg


def small_vision(guided: bool = False) -> Any:
    """Config of the vision model of all rows: small, with a parallel decoder.

    Args:
        guided: CTC guides its frames, as it must at first: without it, the decoder needs many times
            as many updates to find where the characters are.
    """
    cfg = load_config(packaged_config("_base_/models/recognizer_small.py")).model
    cfg.prediction = {
        "type": "ParallelPrediction",
        "key_network": "linear",
        "flatten_height": False,
    }
    if guided:
        cfg.auxiliary = {"type": "CTCPrediction", "weight": 1.0}
    cfg.max_length = 16
    return cfg


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
    """The study's archives; rendered words and harvested ones, nothing else."""
    dataset = cfg.train_dataloader.dataset
    if len(dataset.get("datasets", ())) > 2:
        dataset.datasets = dataset.datasets[:2]
        dataset.ratios = [settings.labelled, 1.0 - settings.labelled]
    for part in walk(cfg.train_dataloader):
        if part.get("name") in ("synthetic", "harvested"):
            part["reader"]["lmdb_path"] = str(settings.archives / f"{part['name']}_words")
    cfg.custom_hooks = []
    cfg.default_hooks.checkpoint.save_last = True
    return cfg


def _scale(settings: StudySettings) -> Scale:
    return Scale(settings.width, settings.out / "cache", settings.data_root, settings.device)


def _folder(name: str, seed: int, settings: StudySettings) -> Path:
    return settings.out / "runs" / f"{name}_seed{seed}"


def _weights(name: str, seed: int, settings: StudySettings) -> Path:
    return _folder(name, seed, settings) / "last.safetensors"


def _stage(
    name: str, seed: int, settings: StudySettings, config: Callable[[], Config]
) -> dict[str, Any]:
    """The result of a training with its scores, from its file or by running it."""
    folder = _folder(name, seed, settings)
    path = folder / "result.json"
    if path.is_file():
        return json.loads(path.read_text())
    result, runner = run(config(), folder)
    content = {**result.to_dict(), **_scores(name, seed, settings, runner.model.eval())}
    write_json(path, content)
    return content


def _language(name: str, settings: StudySettings) -> dict[str, Any]:
    return _stage(name, 0, settings, lambda: language_config(settings, name))


def _scores(name: str, seed: int, settings: StudySettings, model: Any) -> dict[str, Any]:
    root, width = settings.data_root, settings.width
    if name in LANGUAGES:
        return {}
    recognizer = model.recognizer if hasattr(model, "recognizer") else model
    if name not in METHODS:
        content: dict[str, Any] = {"vision": score(recognizer, root, width)}
        if name != "start":
            language = build_from_weights(_weights("language", 0, settings))[0]
            language.to(next(recognizer.parameters()).device)
            content["corrected"] = {
                str(weight): score_correction(recognizer, language, root, width, weight)
                for weight in CORRECTION_WEIGHTS
            }
        return content
    return {
        **score_modalities(recognizer, root, width),
        "milliseconds": milliseconds_per_word(recognizer, width),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of ``tools/study.py multimodal``."""
    parser = argparse.ArgumentParser(
        prog="study.py multimodal",
        description="Vision, language and their agreement. Resumable stage by stage.",
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--out", type=Path, required=True, help="folder of the results")
    parser.add_argument(
        "--archives",
        type=Path,
        help="folder with the words of the semi-supervised study (its --out); default: --out",
    )
    parser.add_argument("--report", type=Path, help="Markdown file; default: in --out")
    parser.add_argument("--scale", type=float, default=1.0, help="factor of all iterations")
    parser.add_argument("--synthetic", type=int, default=StudySettings.synthetic)
    parser.add_argument("--rows", nargs="+", choices=METHODS, help="default: all")
    parser.add_argument("--seeds", type=int, default=1, help="seeds of the main rows")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--report-only", action="store_true", help="run nothing")
    args = parser.parse_args(arguments)
    from research.studies.multimodal_report import write_report

    torch.set_num_threads(args.threads)
    settings = StudySettings(
        args.data,
        args.out,
        args.scale,
        archives=args.archives or args.out,
        synthetic=args.synthetic,
        device=args.device,
    )
    report = args.report or args.out / "multimodal.md"
    if not args.report_only:
        run_study(settings, args.rows, args.seeds)
    write_report(args.out / "rows", report)
