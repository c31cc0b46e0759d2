"""The study of semi-supervised training: what do real words without labels add to rendered ones?"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
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
from research.studies.semi_supervised_data import prepare_data, score
from spotter.training.launch import load_config


@dataclass(frozen=True)
class Method:
    """One row of the table.

    Attributes:
        title: As in the table.
        config: The recipe below ``configs/recipes/``.
        options: Overrides of the config.
        labelled: Labelled crops per iteration as a multiple of the study's.
        all_words: Train on all rendered words, not on the study's part of them.
        main: Whether it gets all seeds.
    """

    title: str
    config: str
    options: Mapping[str, Any] = field(default_factory=dict)
    labelled: float = 1.0
    all_words: bool = False
    main: bool = False


_CONSISTENCY = "consistency_attention_compact.py"
_SUPERVISED = "supervised_attention_compact.py"

METHODS: dict[str, Method] = {
    "supervised": Method("supervised, same updates", _SUPERVISED, main=True),
    "consistency": Method("character-level consistency", _CONSISTENCY, main=True),
    # A strong view costs as much as a labelled crop, a weak one, which is only read, a third.
    "more_synthetic": Method(
        "supervised, more synthetic words (same compute)",
        _SUPERVISED,
        labelled=7 / 3,
        all_words=True,
        main=True,
    ),
    "same_compute": Method("supervised, same words, same compute", _SUPERVISED, labelled=7 / 3),
    "pseudo_label": Method(
        "pseudo-labels, frozen teacher",
        "pseudo_label_attention_compact.py",
        {"model__threshold": 0.5},
        main=True,
    ),
    "mean_teacher": Method("Mean Teacher", "mean_teacher_attention_compact.py", main=True),
    "fixmatch": Method("FixMatch, by words", "fixmatch_attention_compact.py", main=True),
    "no_context": Method(
        "consistency without context sharing", _CONSISTENCY, {"model__context_sharing": False}
    ),
    "no_projection": Method(
        "consistency without projection", _CONSISTENCY, {"model__projection": None}
    ),
    "no_average": Method(
        "consistency without average of the weights", _CONSISTENCY, {"model__momentum": 0.0}
    ),
    "no_filter": Method("consistency without filter", _CONSISTENCY, {"model__threshold": 0.0}),
    "no_domain": Method(
        "consistency without domain adaptation", _CONSISTENCY, {"model__domain": None}
    ),
    "hard": Method("consistency with hard labels", _CONSISTENCY, {"model__hard": True}),
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


def run_study(
    settings: StudySettings, names: Sequence[str] | None = None, seeds: int = 2
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
        lambda: prepare_data(settings.data_root, settings.out, settings.synthetic),
    )


def run_row(name: str, seed: int, settings: StudySettings) -> dict[str, Any]:
    """Train one method from the common start, and score it.

    Finished trainings of an interrupted row are not repeated.

    Returns:
        The row: every number that the runs gave, with the seed and the seconds.
    """
    began = time.monotonic()
    folder = settings.out / "runs" / f"{name}_seed{seed}"
    row = {
        "row": name,
        "title": METHODS[name].title,
        "seed": seed,
        "machine": machine(),
        "threads": torch.get_num_threads(),
        "settings": settings.kept(),
        "data": json.loads((settings.out / "data.json").read_text()),
        "start": _once(_start_folder(settings), lambda: start_config(settings), settings),
    }
    row["train"] = _once(folder, lambda: row_config(name, seed, settings), settings)
    row["wall_seconds"] = time.monotonic() - began
    return row


def start_config(settings: StudySettings) -> Config:
    """The supervised run that all rows go on from.

    CTC guides its frames: without it, the decoder needs many times as many updates to find where
    the characters are.
    """
    iterations = settings.count(settings.start)
    cfg = study_config(
        f"recipes/{_SUPERVISED}",
        _scale(settings),
        iterations,
        settings.start_batch,
        0,
        validations=8,
        optim_wrapper__optimizer__lr=settings.start_rate,
    )
    cfg.param_scheduler[0].update(eta_max=settings.start_rate, pct_start=0.1)
    cfg.model = small_recognizer()
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
        _scale(settings),
        settings.count(settings.iterations),
        labelled if supervised else labelled + settings.unlabelled,
        1000 + seed,
        validations=6,
        optim_wrapper__optimizer__lr=settings.rate,
    )
    cfg.param_scheduler[0].eta_max = settings.rate
    if supervised:
        cfg.model = small_recognizer()
    else:
        cfg.model.recognizer = small_recognizer()
        if cfg.model.get("momentum"):
            cfg.model.momentum = settings.momentum
        datasets = cfg.train_dataloader.dataset
        # All crops of MLT2017 here are harvested ones.
        datasets.datasets = datasets.datasets[:2]
        datasets.ratios = [labelled, settings.unlabelled]
    # After what the study sets for all rows, what this row is about.
    cfg.merge_from_dict({key.replace("__", "."): value for key, value in method.options.items()})
    cfg.load_from = {"path": str(_start_folder(settings) / "last.safetensors")}
    return _with_data(cfg, settings, settings.synthetic if method.all_words else settings.words)


def small_recognizer() -> Any:
    """Config of the recognizer of all rows: small, with an attention decoder."""
    cfg = load_config(packaged_config("_base_/models/recognizer_small.py")).model
    cfg.prediction = {
        "type": "AttentionPrediction",
        "hidden_channels": 96,
        "embedding_channels": 48,
    }
    cfg.max_length = 16
    return cfg


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
            reader.update(lmdb_path=str(settings.out / "synthetic_words"), stop=words)
        elif part.get("name") == "harvested":
            part["reader"] = {
                "type": "HarvestedWordsReader",
                "lmdb_path": str(settings.out / "harvested_words"),
                "annotations": annotations,
            }
    cfg.custom_hooks = []
    cfg.default_hooks.checkpoint.save_last = True
    return cfg


def _start_folder(settings: StudySettings) -> Path:
    return settings.out / "runs" / "start"


def _scale(settings: StudySettings) -> Scale:
    return Scale(settings.width, settings.out / "cache", settings.data_root, settings.device)


def _once(folder: Path, config: Any, settings: StudySettings) -> dict[str, Any]:
    """The result of a training with its scores, from its file or by running it."""
    path = folder / "result.json"
    if path.is_file():
        return json.loads(path.read_text())
    result, runner = run(config(), folder)
    model = runner.model.eval()
    content = result.to_dict()
    with torch.no_grad():
        content["online"] = score(
            getattr(model, "recognizer", model), settings.data_root, settings.width
        )
        target = getattr(model, "target", None)
        if target is not None:
            content["target"] = score(target.module, settings.data_root, settings.width)
    content["log"] = {name: logged(folder, name) for name in LOGGED}
    write_json(path, content)
    return content


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
    parser = argparse.ArgumentParser(
        prog="study.py semi_supervised",
        description="Rendered words with labels, real words without. Resumable row by row.",
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--out", type=Path, required=True, help="folder of the results")
    parser.add_argument("--report", type=Path, help="Markdown file; default: in --out")
    parser.add_argument("--scale", type=float, default=1.0, help="factor of all iterations")
    parser.add_argument(
        "--start", type=int, default=StudySettings.start, help="iterations of the common start"
    )
    parser.add_argument("--synthetic", type=int, default=StudySettings.synthetic)
    parser.add_argument(
        "--words", type=int, default=StudySettings.words, help="of them, what most rows train on"
    )
    parser.add_argument("--rows", nargs="+", choices=METHODS, help="default: all")
    parser.add_argument("--seeds", type=int, default=2, help="seeds of the main rows")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--report-only", action="store_true", help="run nothing")
    args = parser.parse_args(arguments)
    from research.studies.semi_supervised_report import write_report

    torch.set_num_threads(args.threads)
    settings = StudySettings(
        args.data,
        args.out,
        args.scale,
        start=args.start,
        synthetic=args.synthetic,
        words=args.words,
        device=args.device,
    )
    report = args.report or args.out / "semi_supervised.md"
    if not args.report_only:
        run_study(settings, args.rows, args.seeds)
    write_report(args.out / "rows", report)
