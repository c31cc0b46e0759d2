"""The study of semi-supervised training: what do real words without labels add to rendered ones?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config

from research.studies.arguments import run_command, study_parser
from research.studies.configs import merge_options, small_recognizer, study_config, walk
from research.studies.rows import Method, Study, StudySizes
from research.studies.semi_supervised_data import prepare_data, score
from research.studies.training import train_once


@dataclass(frozen=True)
class LabelledMethod(Method):
    """One row of the table.

    Attributes, besides those of :class:`Method`:
        labelled: Labelled crops per iteration as a multiple of the study's.
        all_words: Train on all rendered words, not on the study's part of them.
    """

    labelled: float = 1.0
    all_words: bool = False


_CONSISTENCY = "consistency_attention_compact.py"
_SUPERVISED = "supervised_attention_compact.py"

METHODS: dict[str, LabelledMethod] = {
    "supervised": LabelledMethod("supervised, same updates", _SUPERVISED, main=True),
    "consistency": LabelledMethod("character-level consistency", _CONSISTENCY, main=True),
    # A strong view costs as much as a labelled crop, a weak one, which is only read, a third.
    "more_synthetic": LabelledMethod(
        "supervised, more synthetic words (same compute)",
        _SUPERVISED,
        labelled=7 / 3,
        all_words=True,
        main=True,
    ),
    "same_compute": LabelledMethod(
        "supervised, same words, same compute", _SUPERVISED, labelled=7 / 3
    ),
    "pseudo_label": LabelledMethod(
        "pseudo-labels, frozen teacher",
        "pseudo_label_attention_compact.py",
        {"model__threshold": 0.5},
        main=True,
    ),
    "mean_teacher": LabelledMethod("Mean Teacher", "mean_teacher_attention_compact.py", main=True),
    "fixmatch": LabelledMethod("FixMatch, by words", "fixmatch_attention_compact.py", main=True),
    "no_context": LabelledMethod(
        "consistency without context sharing", _CONSISTENCY, {"model__context_sharing": False}
    ),
    "no_projection": LabelledMethod(
        "consistency without projection", _CONSISTENCY, {"model__projection": None}
    ),
    "no_average": LabelledMethod(
        "consistency without average of the weights", _CONSISTENCY, {"model__momentum": 0.0}
    ),
    "no_filter": LabelledMethod(
        "consistency without filter", _CONSISTENCY, {"model__threshold": 0.0}
    ),
    "no_domain": LabelledMethod(
        "consistency without domain adaptation", _CONSISTENCY, {"model__domain": None}
    ),
    "hard": LabelledMethod("consistency with hard labels", _CONSISTENCY, {"model__hard": True}),
}
"""Rows in the order in which they are run: an interrupted study has the most telling ones."""


@dataclass(frozen=True)
class StudySettings(StudySizes):
    """Sizes of the study at scale 1: about two hours on a slow core.

    Attributes, besides those of :class:`StudySizes`:
        start: Iterations of the supervised run that every row starts from.
        start_batch: Labelled crops per iteration of it.
        start_rate: Peak of its learning rate.
        iterations: Iterations of a row.
        labelled: Labelled crops per iteration of a row.
        unlabelled: Unlabelled crops per iteration of a row that uses such.
        rate: Peak of the learning rate of a row.
        momentum: Of the average; 0.999 would remember more iterations than a row has.
        synthetic: Rendered words to draw.
        words: How many of them the rows train on that do not ask for all.
    """

    start: int = 5000
    start_batch: int = 64
    start_rate: float = 2e-3
    iterations: int = 1500
    labelled: int = 32
    unlabelled: int = 32
    rate: float = 4e-4
    momentum: float = 0.99
    synthetic: int = 40000
    words: int = 4000


def run_row(name: str, seed: int, settings: StudySettings) -> dict[str, Any]:
    """Train one method from the common start, and score it.

    Finished trainings of an interrupted row are not repeated.

    Returns:
        Every number that the trainings gave.
    """
    folder = settings.out / "runs" / f"{name}_seed{seed}"
    return {
        "data": json.loads((settings.out / "data.json").read_text()),
        "start": _train(_start_folder(settings), lambda: start_config(settings), settings),
        "train": _train(folder, lambda: row_config(name, seed, settings), settings),
    }


STUDY: Study[StudySettings] = Study(
    "semi_supervised",
    "Rendered words with labels, real words without. Resumable row by row.",
    METHODS,
    lambda name, seed, settings: run_row(name, seed, settings),
    lambda settings: prepare_data(settings.data_root, settings.out, settings.synthetic),
)


def start_config(settings: StudySettings) -> Config:
    """The supervised run that all rows go on from.

    CTC guides its frames: without it, the decoder needs many times as many updates to find where
    the characters are.
    """
    iterations = settings.count(settings.start)
    cfg = study_config(
        f"recipes/{_SUPERVISED}",
        settings,
        iterations,
        settings.start_batch,
        0,
        validations=8,
        optim_wrapper__optimizer__lr=settings.start_rate,
    )
    cfg.param_scheduler[0].update(eta_max=settings.start_rate, pct_start=0.1)
    cfg.model = attention_recognizer()
    cfg.model.auxiliary = {"type": "CTCPrediction", "weight": 1.0}
    cfg = _with_data(cfg, settings, settings.words)
    cfg.custom_hooks = [{"type": "FrameAlignmentHook", "iterations": iterations}]
    return cfg


def row_config(name: str, seed: int, settings: StudySettings) -> Config:
    """The run of a row."""
    method = METHODS[name]
    supervised = method.config == _SUPERVISED
    labelled = round(settings.labelled * method.labelled)
    cfg = study_config(
        f"recipes/{method.config}",
        settings,
        settings.count(settings.iterations),
        labelled if supervised else labelled + settings.unlabelled,
        1000 + seed,
        validations=6,
        optim_wrapper__optimizer__lr=settings.rate,
    )
    cfg.param_scheduler[0].eta_max = settings.rate
    if supervised:
        cfg.model = attention_recognizer()
    else:
        cfg.model.recognizer = attention_recognizer()
        if cfg.model.get("momentum"):
            cfg.model.momentum = settings.momentum
        datasets = cfg.train_dataloader.dataset
        # All crops of MLT2017 here are mined ones.
        datasets.datasets = datasets.datasets[:2]
        datasets.ratios = [labelled, settings.unlabelled]
    # After what the study sets for all rows, what this row is about.
    merge_options(cfg, method.options)
    cfg.load_from = {"path": str(_start_folder(settings) / "last.safetensors")}
    return _with_data(cfg, settings, settings.synthetic if method.all_words else settings.words)


def attention_recognizer() -> Any:
    """Config of the recognizer of all rows: small, with an attention decoder."""
    prediction = {
        "type": "AttentionPrediction",
        "hidden_channels": 96,
        "embedding_channels": 48,
    }
    return small_recognizer(prediction=prediction, max_length=16)


def _with_data(cfg: Config, settings: StudySettings, words: int) -> Config:
    """The study's own archives; validation of the online model alone, by words of SVT and ICDAR.

    Args:
        cfg: The config to complete.
        settings: The study's.
        words: How many of the rendered words are trained on.
    """
    root = settings.data_root
    annotations = [
        {
            "type": "ICDARDetectionReader",
            "annotation_root": str(root / folder / "gt"),
            "image_root": str(root / folder / "images"),
        }
        for folder in ("icdar2015_train", "icdar2003")
    ]
    for part in walk(cfg.train_dataloader):
        reader = part.get("reader", {})
        if part.get("name") == "synthetic":
            reader.update(lmdb_path=str(settings.out / "synthetic_words"))
            part["stop"] = words
        elif part.get("name") == "mined":
            part["reader"] = {
                "type": "MinedWordsReader",
                "lmdb_path": str(settings.out / "mined_words"),
                "annotations": annotations,
            }
    cfg.custom_hooks = []
    cfg.default_hooks.checkpoint.save_last = True
    return cfg


def _start_folder(settings: StudySettings) -> Path:
    return settings.out / "runs" / "start"


def _train(folder: Path, config: Any, settings: StudySettings) -> dict[str, Any]:
    """A training with its scores and what it logged."""

    def scores(runner: Any) -> dict[str, Any]:
        model = runner.model.eval()
        models = {"online": getattr(model, "recognizer", model)}
        if getattr(model, "target", None) is not None:
            models["target"] = model.target.module
        with torch.no_grad():
            found: dict[str, Any] = {
                name: score(part, settings.data_root, settings.width)
                for name, part in models.items()
            }
        return {**found, "log": {name: logged(folder, name) for name in LOGGED}}

    return train_once(folder, config, scores)


LOGGED = ("kept", "confidence", "pseudo_accuracy", "loss_consistency", "loss_domain")


def logged(folder: Path, name: str) -> list[tuple[int, float]]:
    """Steps and window averages of a scalar of the training log, over all sessions of a run."""
    points: dict[int, float] = {}
    for path in sorted(folder.glob("*/vis_data/*.json")):
        for line in path.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            if f"train/{name}" in record:
                points[int(record["step"])] = float(record[f"train/{name}"])
    return sorted(points.items())


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of ``tools/study.py semi_supervised``."""
    from research.studies.semi_supervised_report import write_report

    parser = study_parser(STUDY)
    parser.add_argument(
        "--start", type=int, default=StudySettings.start, help="iterations of the common start"
    )
    parser.add_argument("--synthetic", type=int, default=StudySettings.synthetic)
    parser.add_argument(
        "--words", type=int, default=StudySettings.words, help="of them, what most rows train on"
    )
    args = parser.parse_args(arguments)
    settings = StudySettings(
        args.data,
        args.out,
        args.scale,
        start=args.start,
        synthetic=args.synthetic,
        words=args.words,
        device=args.device,
    )
    run_command(STUDY, args, settings, write_report)
