"""Input size, thresholds and unclip ratio of a detector, tuned on a suite.

The network runs once per photo and input size; the post-processing is cheap enough to try many
combinations of its settings.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.sets import OpenedSet, open_set
from benchmarks.suites import SUITES, suite_of
from spotter.data.transforms.loading import load_pixels
from spotter.errors import ConfigError
from spotter.evaluation.matching import as_instances
from spotter.evaluation.protocols.detection import DetectionScores, evaluate_detection
from spotter.evaluation.report import markdown_table
from spotter.hub.resolution import weights_file
from spotter.io.folders import list_images
from spotter.io.images import read_image
from spotter.io.writing import write_file
from spotter.pipeline.db_postprocessor import DBPostprocessor
from spotter.pipeline.detector import TextDetector, scaled_header
from spotter.runtime.runtimes import open_runtime
from spotter.structures import TextInstance

GRID: dict[str, tuple[float | None, ...]] = {
    "binary_threshold": (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65),
    "split_threshold": (None, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85),
    "unclip_ratio": (1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8),
}
"""Of the post-processor's arguments, tried in turn with the others kept, until nothing helps."""

MIN_SCORES = (0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8)

Words = dict[str, list[TextInstance]]


@dataclass(frozen=True)
class ProbabilityMap:
    """Output of the network for a photo.

    Attributes:
        probability: (H, W) float16.
        scale: (x, y) factors from photo pixels to map pixels.
        size: (height, width) of the photo.
        milliseconds: From the photo to the map.
    """

    probability: np.ndarray
    scale: tuple[float, float]
    size: tuple[int, int]
    milliseconds: float


@dataclass(frozen=True)
class Choice:
    """The best thresholds at one input size.

    Attributes:
        scale: Factor by which photos are enlarged.
        input_size: (width, height) of the first photo's input.
        milliseconds: Median from a photo to its words.
        options: Arguments of the post-processor.
        scores: Detection scores on the suite.
        false_per_photo: Detections per photo without text, if such photos were given.
    """

    scale: float
    input_size: tuple[int, int]
    milliseconds: float
    options: dict[str, Any]
    scores: DetectionScores
    false_per_photo: float | None = None

    def cells(self) -> list[str]:
        """As in the table."""
        shares = (self.scores.precision, self.scores.recall, self.scores.hmean)
        false = "" if self.false_per_photo is None else f"{self.false_per_photo:.2f}"
        return [
            f"{self.scale:g}",
            "x".join(map(str, self.input_size)),
            f"{self.milliseconds:.0f}",
            *("" if self.options[key] is None else f"{self.options[key]:g}" for key in OPTIONS),
            *(f"{100 * share:.1f}" for share in shares),
            false,
        ]


OPTIONS = (*GRID, "min_score")
HEADINGS = [
    *("scale", "input", "ms", *(name.replace("_", " ") for name in OPTIONS)),
    *("precision", "recall", "hmean", "false per photo without text"),
]


class MapDetector(TextDetector):
    """Gives the map instead of the words."""

    def probability_map(self, photo: np.ndarray) -> ProbabilityMap:
        """The map of a photo (H, W, 3) uint8 BGR, at the input size of the detector's scale."""
        kept: list[tuple[np.ndarray, tuple[float, float]]] = []

        def keep(probability: np.ndarray, scale: tuple[float, float], size: Any) -> list[Any]:
            kept.append((probability.astype(np.float16), scale))
            return []

        self._postprocess = keep  # type: ignore[assignment]
        start = time.perf_counter()
        self.find([photo])
        spent = time.perf_counter() - start
        ((probability, scale),) = kept
        return ProbabilityMap(probability, scale, photo.shape[:2], 1e3 * spent)


def words_of(maps: Mapping[str, ProbabilityMap], options: Mapping[str, Any]) -> tuple[Words, float]:
    """Words of all maps, and the median of the milliseconds that a map takes."""
    postprocess = DBPostprocessor(**options)
    words, spent = {}, []
    for name, found in maps.items():
        probability: np.ndarray = found.probability.astype(np.float32)
        start = time.perf_counter()
        words[name] = postprocess(probability, found.scale, found.size)
        spent.append(1e3 * (time.perf_counter() - start))
    return words, median(spent)


def best_choice(
    scale: float, maps: Mapping[str, ProbabilityMap], truths: Mapping[str, Any]
) -> Choice:
    """The thresholds with the highest hmean.

    Args:
        scale: At which the maps were made.
        maps: By photo.
        truths: True words by photo.
    """
    height, width = next(iter(maps.values())).probability.shape
    network = median(found.milliseconds for found in maps.values())
    tried: dict[tuple[Any, ...], Choice] = {}

    def at(options: dict[str, Any]) -> Choice:
        key = tuple(options.values())
        if key not in tried:
            words, spent = words_of(maps, {**options, "min_score": min(MIN_SCORES)})
            scored = [(evaluate_detection(words, truths, min_score=s), s) for s in MIN_SCORES]
            scores, least = max(scored, key=lambda scored_at: scored_at[0].hmean)
            chosen = {**options, "min_score": least}
            tried[key] = Choice(scale, (width, height), network + spent, chosen, scores)
        return tried[key]

    current: dict[str, Any] = {
        "binary_threshold": 0.45,
        "split_threshold": 0.65,
        "unclip_ratio": 1.2,
    }
    while True:
        before = at(current).scores.hmean
        for name, values in GRID.items():
            found: list[dict[str, Any]] = [{**current, name: value} for value in values]
            current = max(filter(_makes_sense, [current, *found]), key=lambda o: at(o).scores.hmean)
        if at(current).scores.hmean <= before:
            return at(current)


def _makes_sense(options: Mapping[str, Any]) -> bool:
    split = options["split_threshold"]
    return split is None or split > options["binary_threshold"]


def tune(
    detector: str,
    opened: Sequence[OpenedSet],
    scales: Sequence[float],
    empty: Mapping[str, Path],
    threads: int | None,
) -> list[Choice]:
    """The best thresholds at each scale.

    Args:
        detector: Name of a shipped detector, or file.
        opened: Sets of photos.
        scales: Factors to try.
        empty: Photos without text by name; may be none.
        threads: Of the network.
    """
    runtime = open_runtime(weights_file(detector, "auto"), "detection", "auto", "cpu", threads)
    samples = {f"{s.name}/{name}": item for s in opened for name, item in s.samples.items()}
    truths = {name: as_instances(sample["instances"]) for name, sample in samples.items()}
    choices = []
    for scale in scales:
        map_detector = MapDetector(runtime, scale=scale)
        bar = track(samples.items(), f"scale {scale:g}", transient=True)
        maps = {name: map_detector.probability_map(load_pixels(sample)) for name, sample in bar}
        choice = best_choice(scale, maps, truths)
        if empty:
            bar_empty = track(empty.items(), "photos without text", transient=True)
            nothing = {
                name: map_detector.probability_map(read_image(path)) for name, path in bar_empty
            }
            words, _ = words_of(nothing, choice.options)
            false = sum(map(len, words.values())) / len(words)
            choice = replace(choice, false_per_photo=false)
        choices.append(choice)
    return choices


def apply_choice(detector: str, choice: Choice) -> Path:
    """Write input size and thresholds into the header of weights, and export them anew.

    The score of the model card becomes the one that was measured with them.

    Returns:
        The ``.safetensors`` file.
    """
    from spotter.export.onnx import export_onnx
    from spotter.training.weights import load_state, read_header, save_weights

    file = weights_file(detector, "torch")
    header = scaled_header(read_header(file), choice.scale)
    header["postprocessing"] = {**header["postprocessing"], **choice.options}
    metrics = {f"detection/{key}": value for key, value in choice.scores.to_dict().items()}
    header["card"] = {
        **header["card"],
        "score": choice.scores.hmean,
        "metrics": metrics,
        "command": "tools/tune_detector.py",
    }
    save_weights(file, load_state(file), header, half=True)
    export_onnx(file, file.with_suffix(".onnx"))
    return file


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of ``tools/tune_detector.py``."""
    parser = argparse.ArgumentParser(
        prog="tune_detector.py", description="Input size and thresholds of a detector, on a suite."
    )
    parser.add_argument("detector", help="name of a shipped detector, or file")
    parser.add_argument("--data", type=Path, required=True, metavar="ROOT", help="data root")
    parser.add_argument("--suite", choices=SUITES, default="validation")
    parser.add_argument("--scale", type=float, nargs="+", default=[1.0, 1.3, 1.6])
    parser.add_argument("--empty", type=Path, metavar="DIR", help="photos without text")
    parser.add_argument("--empty-count", type=int, default=200, help="how many of them")
    parser.add_argument("--threads", type=int, help="default: all cores of this process")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table")
    parser.add_argument(
        "--write",
        type=float,
        metavar="SCALE",
        help="put this scale and its thresholds into the weights, and export them anew",
    )
    parser.add_argument(
        "--log",
        nargs=2,
        metavar=("FILE", "N"),
        help="add the best hmean of the last scale to session N (from 1) of a log of sessions",
    )
    args = parser.parse_args(arguments)
    if min(args.scale) <= 0 or (args.write is not None and args.write not in args.scale):
        raise ConfigError("--scale must be positive, and --write one of them")
    found = [open_set(kind, args.data) for kind in suite_of(args.suite).photos]
    opened = [item for item in found if item is not None]
    if not opened:
        raise ConfigError(f"{args.data}: has no photos of the suite {args.suite}")
    empty = list_images(args.empty) if args.empty else {}
    stride = max(1, len(empty) // args.empty_count)
    empty = dict(list(empty.items())[::stride][: args.empty_count])
    choices = tune(args.detector, opened, args.scale, empty, args.threads)
    table = Table(*HEADINGS)
    for choice in choices:
        table.add_row(*choice.cells())
    Console().print(table)
    if args.log:
        note_score(Path(args.log[0]), int(args.log[1]), round(choices[-1].scores.hmean, 6))
    if args.markdown:
        args.markdown.parent.mkdir(parents=True, exist_ok=True)
        args.markdown.write_text(_page(args, choices), encoding="utf-8")
    if args.write is not None:
        chosen = choices[args.scale.index(args.write)]
        print(f"written to {apply_choice(args.detector, chosen)}")


def note_score(log: Path, number: int, score: float) -> None:
    """Add a score with thresholds of its own to a session's, for the learning curve.

    Raises:
        ConfigError: The log is missing or has fewer sessions.
    """
    lines = log.read_text(encoding="utf-8").splitlines() if log.is_file() else []
    if not 1 <= number <= len(lines):
        raise ConfigError(f"{log}: no session {number}; there are {len(lines)}")
    lines[number - 1] = json.dumps({**json.loads(lines[number - 1]), "tuned_score": score})
    write_file(log, "\n".join(lines) + "\n")


def _page(args: argparse.Namespace, choices: Sequence[Choice]) -> str:
    scales = " ".join(f"{scale:g}" for scale in args.scale)
    empty = (
        f" --empty data/{args.empty.name} --empty-count {args.empty_count}" if args.empty else ""
    )
    threads = f" --threads {args.threads}" if args.threads else ""
    command = f"tools/tune_detector.py {args.detector} --data data --scale {scales}{empty}{threads}"
    return f"""# {Path(args.detector).stem}: input size against speed

Made by `{command}`,
on the photos of the suite `{args.suite}`; do not edit. At each size the thresholds are those with
the best hmean on these photos, so the figures are a little too good; *ms* is the median from photo
to words in this run. Photos "without text" are backgrounds of which some hold text.

{markdown_table(HEADINGS, [choice.cells() for choice in choices], left=0)}"""
