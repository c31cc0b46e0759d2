"""``spotter analyze``: a page of what went wrong."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from spotter.cli.commands import File, command
from spotter.cli.options import scale_option, truth_options
from spotter.error_analysis.analysis import scene_report, word_report
from spotter.error_analysis.inputs import Inputs, open_inputs
from spotter.error_analysis.page import (
    KIND_NAMES,
    ErrorReport,
    errors_page,
    keep_most_telling,
)
from spotter.error_analysis.pictures import Pictures
from spotter.evaluation.protocols.recognition import CharacterSet, RecognitionRules
from spotter.evaluation.saved import GroundTruth, ScoredPhotos, parse_scale
from spotter.io.writing import write_file


@command(
    examples=(
        "spotter analyze results.jsonl gt.zip --images photos/ --out errors.html",
        "spotter analyze readings.jsonl labels.txt --charset 62",
    )
)
@truth_options
@click.option("--out", type=File, default=Path("errors.html"), show_default=True)
@scale_option
@click.option("--min-score", default=0.0, help="drop detections below it")
@click.option("--no-texts", is_flag=True, help="the words of the submission have no texts")
@click.option(
    "--charset",
    default="36",
    show_default=True,
    help="characters that are compared in word crops: 36, 62, 94, or all",
)
@click.option(
    "--max-per-kind",
    default=300,
    show_default=True,
    help="cards of each kind; charts count all cases",
)
def analyze(
    predictions: str, ground_truth: str, out: Path, max_per_kind: int, **options: Any
) -> None:
    """Show what a spotter, detector or recognizer gets wrong, on one HTML page.

    PREDICTIONS are our JSON lines or an official submission, GROUND_TRUTH is an official archive,
    JSON lines, or a set in any layout of spotter convert --list. The page has scores; missed,
    misread, merged and split words and false alarms with their pictures; confused characters;
    accuracy by height, angle, length and confidence.
    """
    console = Console(stderr=True)
    truth = GroundTruth(ground_truth, options["layout"], options["split"], options["images"])
    scale = None if options["scale"] is None else parse_scale(options["scale"])
    with console.status("comparing"):
        inputs = open_inputs(
            predictions, truth, not options["no_texts"], scale, options["predicted_only"]
        )
        pictures = Pictures(inputs.samples)
        sides = f"{predictions} against {ground_truth}"
        report = make_report(inputs, pictures, sides, options["min_score"], options["charset"])
    total = len(keep_most_telling(report.cases, max_per_kind))
    columns = (TextColumn("cutting pictures"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("", total=total)
        page = errors_page(report, pictures, max_per_kind, lambda done: progress.advance(bar, done))
    out.parent.mkdir(parents=True, exist_ok=True)
    write_file(out, page)
    counts = Counter(case.kind for case in report.cases)
    kinds = ", ".join(f"{counts[kind]} {KIND_NAMES[kind]}" for kind in report.kinds)
    print(f"{out}: {kinds}")


def make_report(
    inputs: Inputs, pictures: Pictures, names: str, min_score: float, characters: str
) -> ErrorReport:
    """The report of some inputs.

    Args:
        inputs: Predictions and ground truth.
        pictures: Of the images.
        names: What is compared with what, for the head of the page.
        min_score: Detections with a lower score are dropped.
        characters: Which are compared in word crops: ``"36"``, ``"62"``, ``"94"`` or ``"all"``.
    """
    sides = inputs.sides
    about = [names]
    if isinstance(sides, ScoredPhotos):
        about.append("ICDAR 2015 protocol: IoU above 0.5, case aside")
        if min_score:
            about.append(f"detection score at least {min_score:g}")
        kept = {
            name: [word for word in words if word.detection_score >= min_score]
            for name, words in sides.predictions.items()
        }
        report = scene_report(kept, sides.truths)
    else:
        charset: CharacterSet = None if characters == "all" else characters
        about.append("all characters" if charset is None else f"{charset} characters")
        report = word_report(sides, RecognitionRules(charset), pictures)
    if sides.unanswered:
        about.append(f"images without predictions: {sides.unanswered}")
    return replace(report, about="; ".join(about))
