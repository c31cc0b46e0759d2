"""The study of self-supervised pretraining: what does an encoder know that never saw a label?"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config

from research.configs import packaged_config
from research.studies.common import (
    Recorder,
    Scale,
    StudySizes,
    machine,
    run,
    run_rows,
    study_config,
    write_json,
)
from research.studies.word_choice import choice_accuracy
from spotter.training.hooks import CharacterProbeHook
from spotter.training.launch import load_config

VALIDATIONS = 3
"""Of each run of the second stage: points of its curve."""

ENCODER = ["transformation.", "feature_extraction.", "sequence_modeling."]


@dataclass(frozen=True)
class Method:
    """One row of the table.

    Attributes:
        title: As in the table.
        config: The recipe below ``configs/recipes/``; ``None``: no pretraining.
        options: Overrides of the config, for the small encoder.
        main: Whether it gets all seeds.
    """

    title: str
    config: str | None
    options: dict[str, Any] = field(default_factory=dict)
    main: bool = False


_SIMSIAM = {"model__channels": 256, "model__predictor_channels": 64}
_BYOL = {"model__channels": 512, "model__out_channels": 128}

METHODS: dict[str, Method] = {
    "random": Method("random encoder", None, main=True),
    "seqclr_window": Method("SeqCLR, window-to-instance, MLP", "seqclr_window_trba.py", main=True),
    "simclr": Method("SimCLR (image level)", "simclr_image_trba.py", main=True),
    "seqclr_all": Method("SeqCLR, all-to-instance, MLP", "seqclr_all_trba.py"),
    "seqclr_frame": Method("SeqCLR, frame-to-instance, MLP", "seqclr_frame_trba.py"),
    "byol": Method("BYOL (image level)", "byol_image_trba.py", _BYOL),
    "simsiam": Method("SimSiam (image level)", "simsiam_image_trba.py", _SIMSIAM),
    "context": Method("context prediction", "context_prediction_trba.py"),
    "seqclr_window_none": Method(
        "SeqCLR, window-to-instance, no head", "seqclr_window_noprojection_trba.py"
    ),
    "seqclr_window_bilstm": Method(
        "SeqCLR, window-to-instance, BiLSTM",
        "seqclr_window_bilstm_trba.py",
        {"model__projection__hidden_channels": 96},
    ),
}
"""Rows in the order in which they are run: an interrupted study has the most telling ones."""

COLORS = (
    {"type": "ColorJitter", "brightness": 50.0, "hue": 60.0, "probability": 0.8},
    {"type": "RandomGrey", "probability": 0.3},
    {"type": "RandomInvert", "probability": 0.3},
)
"""Follow SeqCLR's operations in the views of all methods that use them."""

COLUMNS = {
    "ctc": "decoder evaluation, CTC",
    "attention": "decoder evaluation, attention",
    "fine_tune": "fine-tuning on 10 % of the labels, CTC",
}


@dataclass(frozen=True)
class StudySettings(StudySizes):
    """Sizes of the study at scale 1: about six CPU minutes per row.

    Attributes, besides those of :class:`StudySizes`:
        pretrain: Iterations of pretraining, of ``pairs`` words.
        pairs: Words per iteration of pretraining.
        decode: Iterations of decoder evaluation with CTC, of ``batch_size`` words. They are cheap,
            because the frozen encoder sees every word once only, without augmentation.
        attend: Iterations of decoder evaluation with attention.
        batch_size: Words per iteration of decoder evaluation.
        fine_tune: Iterations of fine-tuning, of ``fine_tune_batch_size`` words.
        fine_tune_batch_size: Words per iteration of fine-tuning.
        learning_rate: Of all runs but decoder evaluation.
        decoder_learning_rate: Of decoder evaluation.
        fraction: Share of the labels for fine-tuning.
    """

    pretrain: int = 1000
    pairs: int = 64
    decode: int = 1000
    attend: int = 800
    batch_size: int = 64
    fine_tune: int = 600
    fine_tune_batch_size: int = 32
    learning_rate: float = 2e-3
    decoder_learning_rate: float = 3e-3
    fraction: float = 0.1


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
        ConfigError: Unknown row, or rows of other settings in the folder.
    """
    return run_rows(
        settings,
        METHODS,
        lambda name, seed: run_row(name, seed, settings),
        names,
        seeds,
    )


def run_row(name: str, seed: int, settings: StudySettings) -> dict[str, Any]:
    """Pretrain one method, and learn to read with its encoder in three ways.

    Finished trainings of an interrupted row are not repeated.

    Returns:
        The row: every number that the runs gave, with the seed and the seconds.
    """
    method = METHODS[name]
    folder = settings.out / "runs" / f"{name}_seed{seed}"
    started = time.monotonic()
    row: dict[str, Any] = {
        "row": name,
        "title": method.title,
        "seed": seed,
        "machine": machine(),
        "threads": torch.get_num_threads(),
        "settings": settings.kept(),
    }
    weights = folder / "pretrain" / "last.safetensors"
    if method.config is not None:
        row["pretrain"] = _once(
            folder / "pretrain", lambda: pretrain_config(method, settings, seed)
        )
    for column in COLUMNS:
        row[column] = _once(
            folder / column,
            lambda column=column: reading_config(  # type: ignore[misc]
                column, settings, seed, weights if method.config else None
            ),
            Recorder("recognition/choice", _choice),
        )
    row["wall_seconds"] = time.monotonic() - started
    return row


def pretrain_config(method: Method, settings: StudySettings, seed: int) -> Config:
    """The run of the first stage."""
    cfg = study_config(
        f"recipes/{method.config}",
        _scale(settings),
        settings.count(settings.pretrain),
        settings.pairs,
        seed,
        optim_wrapper__optimizer__lr=settings.learning_rate,
        **method.options,
    )
    cfg.model.recognizer = small_recognizer()
    cfg.custom_hooks = []
    return cfg


def reading_config(column: str, settings: StudySettings, seed: int, weights: Path | None) -> Config:
    """The run of a second stage.

    Args:
        column: A key of :data:`COLUMNS`.
        settings: Sizes and folders.
        seed: Of the run; the subset of labels is the same for all seeds.
        weights: The pretrained encoder; ``None``: a random one.
    """
    frozen = column != "fine_tune"
    rate = settings.decoder_learning_rate if frozen else settings.learning_rate
    cfg = study_config(
        f"recipes/decoder_evaluation_{column}_trba.py"
        if frozen
        else "recipes/fine_tune_ctc_trba.py",
        _scale(settings),
        settings.count(settings.decode if frozen else settings.fine_tune),
        settings.batch_size if frozen else settings.fine_tune_batch_size,
        seed,
        validations=VALIDATIONS,
        optim_wrapper__optimizer__lr=rate,
    )
    cfg.param_scheduler[0].eta_max = rate
    recognizer = small_recognizer()
    if column == "attention":
        cfg.train_cfg.max_iters = settings.count(settings.attend)
        cfg.train_cfg.val_interval = -(-cfg.train_cfg.max_iters // VALIDATIONS)
        recognizer.prediction = {
            "type": "AttentionPrediction",
            "hidden_channels": 96,
            "embedding_channels": 48,
        }
    if frozen:
        cfg.model.recognizer = recognizer
        cfg.model.remember_frames = True
        for dataset in cfg.train_dataloader.dataset.datasets:
            dataset.pipeline = cfg.val_dataloader.dataset.datasets[0].pipeline
    else:
        cfg.model = recognizer
        for dataset in cfg.train_dataloader.dataset.datasets:
            dataset.fraction = settings.fraction
    cfg.custom_hooks = _reading_hooks(cfg, column, frozen)
    cfg.load_from = None if weights is None else {"path": str(weights), "prefixes": ENCODER}
    return cfg


def _reading_hooks(cfg: Config, column: str, frozen: bool) -> list[dict[str, Any]]:
    """Hooks of a second stage: CTC's helper, and the probe of a frozen encoder."""
    hooks: list[dict[str, Any]] = []
    if column != "attention":
        # It hardly fades: readers as weak as these would fall back to blanks.
        iterations = 10 * cfg.train_cfg.max_iters
        hooks.append({"type": "FrameAlignmentHook", "iterations": iterations})
    if frozen:
        words = cfg.train_dataloader.dataset.datasets[1]
        hooks.append(
            {
                "type": "CharacterProbeHook",
                "dataset": words,
                "interval": 10**9,
                "words": 2000,
            }
        )
    return hooks


def small_recognizer() -> Any:
    """Config of the recognizer of all rows."""
    return load_config(packaged_config("_base_/models/recognizer_small.py")).model


def _scale(settings: StudySettings) -> Scale:
    return Scale(
        settings.width, settings.out / "cache", settings.data_root, settings.device, COLORS
    )


def _once(
    folder: Path, config: Callable[[], Config], recorder: Recorder | None = None
) -> dict[str, Any]:
    """The result of a training, from its file or by running it."""
    path = folder / "result.json"
    if path.is_file():
        return json.loads(path.read_text())
    result, runner = run(config(), folder, recorder)
    content = result.to_dict()
    for hook in runner.hooks:
        if isinstance(hook, CharacterProbeHook):
            content["probe"] = hook.results[-1][1]
    write_json(path, content)
    return content


def _choice(runner: Any) -> dict[str, float]:
    """Scores of choosing among 50 words, from the words of training and test data."""
    model = runner.model
    recognizer = getattr(model, getattr(model, "deployable", ""), model)
    parts = [*runner.train_dataloader.dataset.datasets, *runner.val_dataloader.dataset.datasets]
    words = [str(part.reader[i]["text"]) for part in parts for i in range(len(part.reader))]
    scores = choice_accuracy(recognizer, runner.val_dataloader, words)
    return {f"recognition/{name}": value for name, value in scores.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of ``tools/study.py self_supervised``."""
    parser = argparse.ArgumentParser(
        prog="study.py self_supervised",
        description="Pretrain without labels, then read with the frozen encoder. Resumable.",
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--out", type=Path, required=True, help="folder of the results")
    parser.add_argument("--report", type=Path, help="Markdown file; default: in --out")
    parser.add_argument("--scale", type=float, default=1.0, help="factor of all iterations")
    parser.add_argument("--rows", nargs="+", choices=METHODS, help="default: all")
    parser.add_argument("--seeds", type=int, default=2, help="seeds of the main rows")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--report-only", action="store_true", help="run nothing")
    args = parser.parse_args(arguments)
    from research.studies.self_supervised_report import write_report

    torch.set_num_threads(args.threads)
    settings = StudySettings(args.data, args.out, args.scale, device=args.device)
    report = args.report or args.out / "self_supervised.md"
    if not args.report_only:
        run_study(settings, args.rows, args.seeds)
    write_report(args.out / "rows", report)
