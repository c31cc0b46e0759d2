"""The command line of ``tools/analyze_errors.py``."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

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


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The options of an analysis."""
    parser = argparse.ArgumentParser(
        prog="analyze_errors.py",
        description="Show what a spotter, detector or recognizer gets wrong, on one page.",
    )
    parser.add_argument("predictions", help="our JSON lines, or an official submission")
    parser.add_argument("ground_truth", help="official archive, JSON lines, or set in any layout")
    parser.add_argument(
        "--out", type=Path, default=Path("errors.html"), help="default: errors.html"
    )
    parser.add_argument(
        "--layout", help="of the ground truth, one of tools/convert_dataset.py --list"
    )
    parser.add_argument("--split", help="which part, where the ground truth holds several")
    parser.add_argument("--images", metavar="DIR", help="where the images lie, if elsewhere")
    parser.add_argument(
        "--predicted-only",
        action="store_true",
        help="leave out images without predictions, instead of counting their words as missed",
    )
    parser.add_argument(
        "--scale",
        type=parse_scale,
        metavar="X,Y|fit",
        help="factors on the ground truth's coordinates; fit: from the size of the stored photo "
        "to the width and height in the predictions",
    )
    parser.add_argument("--min-score", type=float, default=0.0, help="drop detections below it")
    parser.add_argument(
        "--no-texts", action="store_true", help="the words of the submission have no texts"
    )
    parser.add_argument(
        "--charset",
        default="36",
        help="characters that are compared in word crops: 36 (default), 62, 94, or all",
    )
    parser.add_argument(
        "--max-per-kind", type=int, default=300, help="cards of each kind; charts count all cases"
    )
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Analyse, and write the page.

    Raises:
        SpotterError: A side cannot be read, or does not fit the other.
    """
    options = parse_arguments(arguments)
    console = Console(stderr=True)
    truth = GroundTruth(options.ground_truth, options.layout, options.split, options.images)
    with console.status("comparing"):
        inputs = open_inputs(
            options.predictions, truth, not options.no_texts, options.scale, options.predicted_only
        )
        pictures = Pictures(inputs.samples)
        report = make_report(inputs, pictures, options)
    total = len(keep_most_telling(report.cases, options.max_per_kind))
    columns = (TextColumn("cutting pictures"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("", total=total)
        page = errors_page(
            report, pictures, options.max_per_kind, lambda done: progress.advance(bar, done)
        )
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(page, encoding="utf-8")
    counts = Counter(case.kind for case in report.cases)
    kinds = ", ".join(f"{counts[kind]} {KIND_NAMES[kind]}" for kind in report.kinds)
    print(f"{options.out}: {kinds}")


def make_report(inputs: Inputs, pictures: Pictures, options: argparse.Namespace) -> ErrorReport:
    """The report of some inputs."""
    sides = inputs.sides
    about = [f"{options.predictions} against {options.ground_truth}"]
    if isinstance(sides, ScoredPhotos):
        about.append("ICDAR 2015 protocol: IoU above 0.5, case aside")
        if options.min_score:
            about.append(f"detection score at least {options.min_score:g}")
        kept = {
            name: [word for word in words if word.detection_score >= options.min_score]
            for name, words in sides.predictions.items()
        }
        report = scene_report(kept, sides.truths)
    else:
        charset: CharacterSet = None if options.charset == "all" else options.charset
        about.append("all characters" if charset is None else f"{charset} characters")
        report = word_report(sides, RecognitionRules(charset), pictures)
    if sides.unanswered:
        about.append(f"images without predictions: {sides.unanswered}")
    return replace(report, about="; ".join(about))
