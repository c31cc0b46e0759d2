"""Fit the calibration of a pair's scores on a suite, and say what they are worth afterwards.

Detection scores become the probability that a word is there (IoU above 0.5 with one that counts),
recognition scores that a crop is read right. Words that were found have a fit of their own, as they
are cut out otherwise and are those that are seen well; the product with the detection score is then
an estimate of both.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks.sets import OpenedSet, open_set
from benchmarks.suites import SUITES, suite_of
from research.figures import draw_curves
from spotter.data.transforms.loading import load_pixels
from spotter.decoding.calibration import ScoreCalibration, fit_calibration
from spotter.errors import ConfigError
from spotter.evaluation.calibration import Calibration, calibration
from spotter.evaluation.matching import as_instances
from spotter.evaluation.pairs import flatten_words, pair_words
from spotter.evaluation.protocols.end_to_end import EndToEndScores, evaluate_end_to_end, texts_match
from spotter.evaluation.protocols.names import recognition_protocol
from spotter.evaluation.report import markdown_table
from spotter.hub.zoo import ZOO
from spotter.pipeline import SceneTextSpotter, WordRecognizer
from spotter.structures import TextInstance
from spotter.training.weights import atomic_write

BINS = 10
"""Of the diagram and of the errors, with about as many answers each."""

MIN_SCORES = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8)

Words = Mapping[str, list[TextInstance]]


@dataclass(frozen=True)
class Answers:
    """Scored answers of one kind.

    Attributes:
        title: What it means to be right.
        scores: (N,) in [0, 1].
        correct: (N,) bool.
        groups: (N,) names of photos or words: answers of one are never in both halves.
    """

    title: str
    scores: np.ndarray
    correct: np.ndarray
    groups: np.ndarray

    def in_halves(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Twice (N,) bool: answers to fit on, and the others; every second group is in a half."""
        numbers = np.unique(self.groups, return_inverse=True)[1]
        return [(numbers % 2 == half, numbers % 2 != half) for half in (0, 1)]

    def held_out(self) -> np.ndarray:
        """(N,) scores, each calibrated by the half that it is not in."""
        values: np.ndarray = np.zeros(len(self.scores))
        for own, others in self.in_halves():
            fitted = fit_calibration(self.scores[own], self.correct[own])
            values[others] = [fitted(score) for score in self.scores[others]]
        return values

    def measure(self, scores: np.ndarray) -> Calibration:
        """Calibration of the answers with these scores."""
        return calibration(scores, self.correct, BINS, equal_count=True)


def found_words(words: Words, truths: Words) -> tuple[Answers, Answers, Answers]:
    """Whether words that a spotter names are there, and whether those that are there are read.

    Detections on don't-care words are left out.

    Args:
        words: Per photo, with detection scores and texts.
        truths: Likewise, the true words.

    Returns:
        By detection score whether a word is there; by recognition score whether one that is there
        is read right; by the product whether both holds.
    """
    flat = flatten_words(words, truths)
    pairs = pair_words(flat)
    counted = ~pairs.ignored_detections()
    there: np.ndarray = np.zeros(len(flat.detections), bool)
    read = there.copy()
    for pair in pairs.greedy_matches(counted, 0.5, flat.detection_scores).tolist():
        index = pairs.detection[pair]
        there[index] = True
        true = flat.truths[pairs.truth[pair]].text or ""
        read[index] = texts_match(true, flat.detections[index].text or "")
    products = np.array([word.score for word in flat.detections])
    readings = np.array([word.recognition_score for word in flat.detections])
    found = counted & there & (readings > 0)
    groups = flat.detection_images
    return (
        Answers("a word is there", flat.detection_scores[counted], there[counted], groups[counted]),
        Answers("a found word is read right", readings[found], read[found], groups[found]),
        Answers("found and read right", products[counted], read[counted], groups[counted]),
    )


@dataclass(frozen=True)
class PairAnswers:
    """What a pair answers on a suite.

    Attributes:
        given: Words per photo with the networks' own scores, however low.
        truths: Likewise, the true words.
        there: Whether words of photos are there.
        read: Whether crops are read right.
        found: Whether words of photos that are there are read right.
        accuracies: Share of the crops that are read right, by set.
    """

    given: Words
    truths: Words
    there: Answers
    read: Answers
    found: Answers
    accuracies: Mapping[str, float]

    def fit(self) -> dict[str, ScoreCalibration]:
        """Calibrations by part: ``detection``, ``recognition`` and, if it can be fitted, ``found``.

        Raises:
            ConfigError: Right answers do not score higher than wrong ones.
        """
        fitted = {
            "detection": fit_calibration(self.there.scores, self.there.correct),
            "recognition": fit_calibration(self.read.scores, self.read.correct),
        }
        # Of few words all may be right; then those that are found are read like any other crop.
        with suppress(ConfigError):
            fitted["found"] = fit_calibration(self.found.scores, self.found.correct)
        return fitted

    def calibrated(self, calibrations: Mapping[str, ScoreCalibration]) -> Words:
        """Words per photo with calibrated scores."""
        reading = calibrations.get("found", calibrations["recognition"])
        return calibrated_words(self.given, calibrations["detection"], reading)

    def sweep(self, words: Words) -> dict[float, EndToEndScores]:
        """End-to-end scores of words by ``min_score``, without lexicon."""
        return {s: evaluate_end_to_end(words, self.truths, min_score=s) for s in MIN_SCORES}


def ask_pair(model: str | Path, suite: str, data: Path, threads: int | None = None) -> PairAnswers:
    """Have a pair answer a suite.

    Args:
        model: Pair of the zoo, or ``.json`` of one.
        suite: Key of :data:`benchmarks.suites.SUITES`.
        data: Root below which the sets of the suite lie.
        threads: Per operator; ``None``: all cores of this process.

    Raises:
        SpotterError: The pair or the suite cannot be used.
    """
    kinds = suite_of(suite)
    words = [found for kind in kinds.words if (found := open_set(kind, data)) is not None]
    photos = [found for kind in kinds.photos if (found := open_set(kind, data)) is not None]
    if not words or not photos:
        raise ConfigError(f"{data}: calibration needs words and photos of the suite {suite}")
    recognizer = WordRecognizer(model, threads=threads, calibrated=False)
    spotter = SceneTextSpotter(model, threads=threads, min_score=0.0, calibrated=False)
    given: dict[str, list[TextInstance]] = {}
    truths: dict[str, list[TextInstance]] = {}
    for opened in photos:
        spotted, true = spot_photos(spotter, opened)
        given.update(spotted)
        truths.update(true)
    there, read_there, _ = found_words(given, truths)
    read, accuracies = read_words(recognizer, words)
    return PairAnswers(given, truths, there, read, read_there, accuracies)


def read_words(
    recognizer: WordRecognizer, sets: Sequence[OpenedSet]
) -> tuple[Answers, dict[str, float]]:
    """Whether word crops are read right, by recognition score.

    Args:
        recognizer: Reads the crops.
        sets: Of words.

    Returns:
        The answers, crops without a reading left out, and the accuracy on each set, where those
        count as wrong.
    """
    scores, correct, groups = [], [], []
    accuracies = {}
    for opened in sets:
        rules = recognition_protocol(opened.kind.protocol)  # type: ignore[union-attr]
        names = list(opened.samples)
        crops = (load_pixels(opened.samples[name]) for name in names)
        readings, _ = recognizer.read(track(crops, opened.name, len(names), transient=True))
        right = []
        for name, reading in zip(names, readings, strict=True):
            text, score = ("", 0.0) if reading is None else (reading.text, reading.score)
            tally = rules.tally(text, opened.samples[name]["text"] or "", opened.name)
            if tally is None:
                continue
            right.append(tally.distance == 0)
            if text:
                scores.append(score)
                correct.append(right[-1])
                groups.append(f"{opened.name} {name}")
        accuracies[opened.name] = sum(right) / len(right) if right else 0.0
    answers = Answers("a crop is read right", np.array(scores), np.array(correct), np.array(groups))
    return answers, accuracies


def spot_photos(spotter: SceneTextSpotter, opened: OpenedSet) -> tuple[Words, Words]:
    """Words of all photos, and the true ones."""
    words, truths = {}, {}
    for name, sample in track(opened.samples.items(), opened.name, transient=True):
        words[name] = spotter.spot(load_pixels(sample)).instances
        truths[name] = as_instances(sample["instances"])
    return words, truths


def calibrated_words(
    words: Words, detection: ScoreCalibration, recognition: ScoreCalibration
) -> Words:
    """Words with calibrated scores."""
    return {
        name: [
            replace(
                word,
                detection_score=detection(word.detection_score),
                recognition_score=recognition(word.recognition_score),
            )
            for word in found
        ]
        for name, found in words.items()
    }


def write_page(
    path: Path,
    model: str,
    suite: str,
    rows: Sequence[tuple[Answers, np.ndarray]],
    calibrations: Mapping[str, ScoreCalibration],
    sweep: Sequence[Sequence[str]],
) -> None:
    """The model card of a pair, with a reliability diagram beside it.

    Args:
        path: Markdown file.
        model: Name of the pair.
        suite: What it was fitted on.
        rows: Answers, and their calibrated scores.
        calibrations: By part.
        sweep: Cells of ``min_score``, precision, recall and hmean.
    """
    figure = path.with_name(f"{path.stem}_reliability.png")
    panels = {}
    for answers, scores in rows:
        lines = {"as it should be": [(0.0, 0.0), (100.0, 100.0)]}
        for name, values in (("as given", answers.scores), ("calibrated", scores)):
            bins = answers.measure(values).bins
            lines[name] = [(100 * b.confidence, 100 * b.accuracy) for b in bins if b.count]
        panels[answers.title] = lines
    draw_curves(figure, panels, "mean score, %", "right, %")
    table = []
    for answers, scores in rows:
        before, after = answers.measure(answers.scores), answers.measure(scores)
        table.append(
            [
                answers.title,
                str(len(scores)),
                *(f"{100 * c.expected_error:.1f}" for c in (before, after)),
                *(f"{c.brier:.3f}" for c in (before, after)),
            ]
        )
    headings = [
        "right means",
        "answers",
        "calibration error, %: as given",
        "calibrated",
        "Brier: as given",
        "calibrated",
    ]
    settings = "; ".join(
        f"{part}: temperature {c.temperature:.3f}, bias {c.bias:+.3f}"
        for part, c in calibrations.items()
    )
    text = f"""# Pair {model}

Made by `tools/calibrate.py {model} --data data`, on the suite `{suite}`; do not edit.

Scores of this pair are estimates of a probability: a word of score 0.7 should be there and be read
right in seven of ten cases. What the networks give is mapped by sigmoid(logit / temperature +
bias), fitted on the suite. {settings}.

{markdown_table(headings, table)}
The calibration error is the mean gap between score and share of right answers in {BINS} groups of
one size. Calibrated scores in all rows and pictures but the last are held out: those of one half of
the photos or words come from a fit on the other half. The pair ships the fit on all, which the last
row and picture have.

![share of right answers by score]({figure.name})

What `min_score` does, end to end without lexicon on the photos of the suite, with the calibration
that ships:

{markdown_table(["min_score", "precision", "recall", "hmean"], sweep, left=0)}"""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def write_pair(model: str, calibrations: Mapping[str, ScoreCalibration]) -> Path:
    """Put the calibration into the file that names the pair.

    Returns:
        The file.
    """
    own = Path(model).suffix == ".json"
    path = Path(model) if own else ZOO / "zoo.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    entry = content if own else content[model]
    entry["calibration"] = {
        part: {key: round(value, 4) for key, value in fitted.to_dict().items()}
        for part, fitted in calibrations.items()
    }
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return path


def calibrate(
    model: str, suite: str, data: Path, threads: int | None, page: Path | None, write: bool
) -> None:
    """Fit, print, and write what is asked for.

    Raises:
        SpotterError: The pair or the suite cannot be used.
    """
    answers = ask_pair(model, suite, data, threads)
    calibrations = answers.fit()
    words = answers.calibrated(calibrations)
    there, read = answers.there, answers.read
    together = [found_words(side, answers.truths)[2] for side in (answers.given, words)]
    rows = [
        (there, there.held_out()),
        (read, read.held_out()),
        *([(answers.found, answers.found.held_out())] if "found" in calibrations else []),
        (together[0], together[1].scores),
    ]
    sweep = [
        [f"{least:g}", *(f"{100 * v:.1f}" for v in (s.precision, s.recall, s.hmean))]
        for least, s in answers.sweep(words).items()
    ]
    _print(rows, calibrations, sweep)
    if page is not None:
        write_page(page, Path(model).stem, suite, rows, calibrations, sweep)
    if write:
        print(f"written to {write_pair(model, calibrations)}")


def _print(
    rows: Sequence[tuple[Answers, np.ndarray]],
    calibrations: Mapping[str, ScoreCalibration],
    sweep: Sequence[Sequence[str]],
) -> None:
    say: Callable[[str], None] = Console(highlight=False).print
    for part, fitted in calibrations.items():
        say(f"{part}: temperature {fitted.temperature:.3f}, bias {fitted.bias:+.3f}")
    for answers, scores in rows:
        before, after = answers.measure(answers.scores), answers.measure(scores)
        say(
            f"{answers.title}, {len(scores)} answers: calibration error"
            f" {100 * before.expected_error:.1f} % as given,"
            f" {100 * after.expected_error:.1f} % calibrated"
        )
    for least, precision, recall, hmean in sweep:
        say(f"min_score {least}: precision {precision}, recall {recall}, hmean {hmean}")


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of ``tools/calibrate.py``."""
    parser = argparse.ArgumentParser(
        prog="calibrate.py", description="Make the scores of a pair probabilities of being right."
    )
    parser.add_argument("model", help="pair of the zoo, or .json of a pair")
    parser.add_argument("--data", type=Path, required=True, metavar="ROOT", help="data root")
    parser.add_argument("--suite", choices=SUITES, default="validation")
    parser.add_argument("--threads", type=int, help="default: all cores of this process")
    parser.add_argument("--page", type=Path, metavar="FILE", help="write a model card of the pair")
    parser.add_argument("--write", action="store_true", help="put the fit into the pair's file")
    args = parser.parse_args(arguments)
    calibrate(args.model, args.suite, args.data, args.threads, args.page, args.write)
