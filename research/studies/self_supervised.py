"""The study of self-supervised pretraining: what does an encoder know that never saw a label?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from research.studies.arguments import run_command, study_parser
from research.studies.configs import study_config, study_recognizer
from research.studies.rows import Method, Study, StudySizes
from research.studies.start import ENCODER
from research.studies.training import Recorder, train_once
from research.studies.word_choice import choice_accuracy
from spotter.training.hooks import CharacterProbeHook

VALIDATIONS = 3
"""Of each run of the second stage: points of its curve."""

_SIMSIAM = {"model__channels": 256, "model__predictor_channels": 64}
_BYOL = {"model__channels": 512, "model__out_channels": 128}

METHODS: dict[str, Method] = {
    "random": Method("no stage 1", "", main=True),
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
    "fine_tune_5": "fine-tuning on 5 % of the labels, CTC",
    "fine_tune_10": "fine-tuning on 10 % of the labels, CTC",
    "fine_tune_100": "fine-tuning on all labels, CTC",
}
"""Second stages by name; a number at the end is the share of the labels, in percent."""


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


def run_row(name: str, seed: int, settings: StudySettings) -> dict[str, Any]:
    """Pretrain one method, and learn to read with its encoder in three ways.

    Finished trainings of an interrupted row are not repeated.

    Returns:
        Every number that the trainings gave, by stage.
    """
    method = METHODS[name]
    folder = settings.out / "runs" / f"{name}_seed{seed}"
    row: dict[str, Any] = {}
    weights = folder / "pretrain" / "last.safetensors" if method.config else None
    if method.config:
        row["pretrain"] = train_once(
            folder / "pretrain", lambda: pretrain_config(method, settings, seed), _probe
        )
    for column in COLUMNS:
        row[column] = train_once(
            folder / column,
            lambda column=column: reading_config(  # type: ignore[misc]
                column, settings, seed, weights
            ),
            _probe,
            Recorder("recognition/choice", _choice),
        )
    return row


STUDY: Study[StudySettings] = Study(
    "self_supervised",
    "Pretrain without labels, then read with the frozen encoder. Resumable.",
    METHODS,
    lambda name, seed, settings: run_row(name, seed, settings),
)


def pretrain_config(method: Method, settings: StudySettings, seed: int) -> Config:
    """The run of the first stage."""
    cfg = study_config(
        f"recipes/{method.config}",
        settings,
        settings.count(settings.pretrain),
        settings.pairs,
        seed,
        colors=COLORS,
        optim_wrapper__optimizer__lr=settings.learning_rate,
        **method.options,
    )
    cfg.model.recognizer = study_recognizer(settings)
    cfg.custom_hooks = []
    cfg.load_from = None if settings.start is None else settings.start.load_encoder()
    return cfg


def reading_config(column: str, settings: StudySettings, seed: int, weights: Path | None) -> Config:
    """The run of a second stage.

    Args:
        column: A key of :data:`COLUMNS`.
        settings: Sizes and folders.
        seed: Of the run; the subset of labels is the same for all seeds.
        weights: The pretrained encoder; ``None``: that of the start, or a random one.
    """
    frozen = not column.startswith("fine_tune")
    rate = settings.decoder_learning_rate if frozen else settings.learning_rate
    cfg = study_config(
        f"recipes/decoder_evaluation_{column}_trba.py"
        if frozen
        else "recipes/fine_tune_ctc_trba.py",
        settings,
        settings.count(settings.decode if frozen else settings.fine_tune),
        settings.batch_size if frozen else settings.fine_tune_batch_size,
        seed,
        validations=VALIDATIONS,
        colors=COLORS,
        optim_wrapper__optimizer__lr=rate,
    )
    cfg.param_scheduler[0].eta_max = rate
    recognizer = study_recognizer(settings)
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
            dataset.fraction = int(column.rpartition("_")[2]) / 100
    cfg.custom_hooks = _reading_hooks(cfg, column, frozen, settings.start is not None)
    cfg.load_from = None if settings.start is None else settings.start.load_encoder()
    if weights is not None:
        cfg.load_from = {"path": str(weights), "prefixes": list(ENCODER)}
    return cfg


def _reading_hooks(cfg: Config, column: str, frozen: bool, trained: bool) -> list[dict[str, Any]]:
    """Hooks of a second stage: CTC's helper, and the probe of a frozen encoder."""
    hooks: list[dict[str, Any]] = []
    if column != "attention":
        # From random weights it hardly fades: readers as weak as these would fall back to blanks.
        # A trained encoder needs it at first only; even shares of a word are rough places.
        iterations = cfg.train_cfg.max_iters * (0.3 if trained else 10)
        hooks.append({"type": "FrameAlignmentHook", "iterations": round(iterations)})
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


def _probe(runner: Any) -> dict[str, Any]:
    """The last result of a run's probe of characters, if it has one."""
    probes = [hook for hook in runner.hooks if isinstance(hook, CharacterProbeHook)]
    return {"probe": probes[-1].results[-1][1]} if probes else {}


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
    from research.studies.self_supervised_report import write_report

    parser = study_parser(STUDY)
    parser.add_argument("--width", type=int, default=StudySettings.width, help="of the crops")
    parser.add_argument(
        "--rate", type=float, default=StudySettings.learning_rate, help="peak of the learning rate"
    )
    args = parser.parse_args(arguments)
    settings = StudySettings(
        args.data,
        args.out,
        args.scale,
        args.width,
        args.device,
        weights=args.start,
        learning_rate=args.rate,
    )
    run_command(STUDY, args, settings, write_report)
