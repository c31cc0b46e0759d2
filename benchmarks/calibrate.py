"""Fit the calibration of a preset's scores on a suite, and measure it afterwards.

Detection scores become the probability that a word is there (IoU above 0.5 with one that counts),
recognition scores that a crop is read right, with case and marks as far as the labels of its set
have them. Words that were found have a fit of their own, as they
are cut out otherwise and are those that are seen well; the product with the detection score is then
an estimate of both.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks.answers import Answers, Words, calibrated_words, found_words
from benchmarks.calibration_page import write_page
from benchmarks.sets import OpenedSet, open_set
from benchmarks.suites import SUITES, WordSet, suite_of
from spotter.data.transforms.loading import load_pixels
from spotter.decoding.calibration import ScoreCalibration
from spotter.errors import ConfigError
from spotter.evaluation.matching import as_instances, rate
from spotter.evaluation.protocols.end_to_end import EndToEndScores, evaluate_end_to_end
from spotter.evaluation.protocols.names import EXACT_PROTOCOL, recognition_protocol
from spotter.hub.resolution import WEIGHTS_FOLDER
from spotter.io.writing import write_file
from spotter.label_alphabet import LabelAlphabet
from spotter.pipeline import SceneTextSpotter, WordRecognizer
from spotter.structures import TextInstance

MIN_SCORES = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8)


@dataclass(frozen=True)
class PresetAnswers:
    """Answers of a preset on a suite.

    Attributes:
        given: Words per photo with the networks' own scores, however low.
        truths: The true words, by photo.
        there: Whether words of photos are there.
        read: Whether crops are read right.
        found: Whether words of photos that are there are read right.
        accuracies: Share of the crops that are read right, ``exact`` and ``folded`` (by the set's
            own protocol), by set.
        listed: Words, as ``given``, of pictures whose true words are listed without places.
        expected: Those true words.
    """

    given: Words
    truths: Words
    there: Answers
    read: Answers
    found: Answers
    accuracies: Mapping[str, Mapping[str, float]]
    listed: Words = field(default_factory=dict)
    expected: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def fit(self) -> dict[str, ScoreCalibration]:
        """Calibrations by part: ``detection``, ``recognition`` and, if it can be fitted, ``found``.

        Raises:
            ConfigError: Right answers do not score higher than wrong ones.
        """
        fitted = {
            "detection": self.there.fit(),
            "recognition": self.read.fit(),
        }
        # Of few words all may be right; then those that are found are read like any other crop.
        with suppress(ConfigError):
            fitted["found"] = self.found.fit()
        return fitted

    def calibrated(
        self, calibrations: Mapping[str, ScoreCalibration], words: Words | None = None
    ) -> Words:
        """Words per photo, those ``given`` by default, with calibrated scores."""
        reading = calibrations.get("found", calibrations["recognition"])
        words = self.given if words is None else words
        return calibrated_words(words, calibrations["detection"], reading)

    def sweep(self, words: Words) -> dict[float, EndToEndScores]:
        """End-to-end scores of words by ``min_score``, without lexicon."""
        return {s: evaluate_end_to_end(words, self.truths, min_score=s) for s in MIN_SCORES}


def answer_suite(
    model: str | Path, suite: str, data: Path, threads: int | None = None
) -> PresetAnswers:
    """Run a preset on a suite.

    Args:
        model: Name of a preset, or ``.json`` of one.
        suite: Key of :data:`benchmarks.suites.SUITES`.
        data: Root below which the sets of the suite lie.
        threads: Per operator; ``None``: all cores of this process.

    Raises:
        SpotterError: The preset or the suite cannot be used.
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
        for words_by_photo, of_set in zip(
            (given, truths), spot_photos(spotter, opened), strict=True
        ):
            words_by_photo.update({f"{opened.name}/{name}": of_set[name] for name in of_set})
    listed, expected = spot_listed(spotter, [open_set(kind, data) for kind in kinds.word_lists])
    there, read_there, _ = found_words(given, truths)
    read, accuracies = read_words(recognizer, words)
    return PresetAnswers(given, truths, there, read, read_there, accuracies, listed, expected)


def read_words(
    recognizer: WordRecognizer, sets: Sequence[OpenedSet]
) -> tuple[Answers, dict[str, dict[str, float]]]:
    """Whether word crops are read right, case and marks included, by recognition score.

    Args:
        recognizer: Reads the crops.
        sets: Of words.

    Returns:
        The answers, crops without a reading left out, and the accuracies on each set, ``exact``
        and ``folded`` by its own protocol, where those count as wrong.
    """
    scores, correct, groups, texts = [], [], [], []
    accuracies: dict[str, dict[str, float]] = {"exact": {}, "folded": {}}
    for opened in sets:
        assert isinstance(opened.kind, WordSet)
        rules = dict(zip(accuracies, (EXACT_PROTOCOL, opened.kind.protocol), strict=True))
        labels = LabelAlphabet.load(opened.kind.label_alphabet)
        names = list(opened.samples)
        crops = (load_pixels(opened.samples[name]) for name in names)
        readings, _ = recognizer.read(track(crops, opened.name, len(names), transient=True))
        right: dict[str, list[bool]] = {figure: [] for figure in rules}
        for name, reading in zip(names, readings, strict=True):
            text, score = ("", 0.0) if reading is None else (reading.text, reading.score)
            true = opened.samples[name]["text"] or ""
            for figure, protocol in rules.items():
                tally = recognition_protocol(protocol).tally(text, true, "", labels=labels)
                if tally is None:
                    continue
                right[figure].append(tally.distance == 0)
                if text and figure == "exact":
                    scores.append(score)
                    correct.append(right[figure][-1])
                    groups.append(f"{opened.name} {name}")
                    texts.append(text)
        for figure, answers_right in right.items():
            accuracies[figure][opened.name] = rate(sum(answers_right), len(answers_right))
    answers = Answers(
        "a crop is read right",
        np.array(scores),
        np.array(correct),
        np.array(groups),
        tuple(texts),
    )
    return answers, accuracies


def spot_photos(spotter: SceneTextSpotter, opened: OpenedSet) -> tuple[Words, Words]:
    """Words of all photos, and the true ones."""
    words, truths = {}, {}
    for name, sample in track(opened.samples.items(), opened.name, transient=True):
        words[name] = spotter.spot(load_pixels(sample)).instances
        truths[name] = as_instances(sample["instances"])
    return words, truths


def spot_listed(
    spotter: SceneTextSpotter, sets: Sequence[OpenedSet | None]
) -> tuple[Words, dict[str, list[str]]]:
    """Words of all pictures whose words are listed without places, and the listed ones."""
    words: dict[str, list[TextInstance]] = {}
    expected: dict[str, list[str]] = {}
    for opened in filter(None, sets):
        for name, sample in track(opened.samples.items(), opened.name, transient=True):
            words[f"{opened.name}/{name}"] = spotter.spot(sample["img_path"]).instances
            expected[f"{opened.name}/{name}"] = sample["words"]
    return words, expected


def write_calibration(model: str, calibrations: Mapping[str, ScoreCalibration]) -> Path:
    """Put the calibration into the file of the preset.

    Returns:
        The file.
    """
    own = Path(model).suffix == ".json"
    path = Path(model) if own else WEIGHTS_FOLDER / "presets.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    entry = content if own else content[model]
    entry["calibration"] = {
        part: _rounded(fitted.to_dict()) for part, fitted in calibrations.items()
    }
    write_file(path, json.dumps(content, indent=1) + "\n")
    return path


def _rounded(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _rounded(value) if isinstance(value, Mapping) else round(value, 4)
        for key, value in values.items()
    }


def _described(calibrations: Mapping[str, ScoreCalibration]) -> list[str]:
    """A line for every calibration, and for every kind of word that has one of its own."""
    lines = []
    for part, fitted in calibrations.items():
        own = {f"{part}, {kind}": of_kind for kind, of_kind in fitted.kinds.items()}
        lines += [
            f"{name}: temperature {c.temperature:.3f}, bias {c.bias:+.3f}"
            for name, c in {part: fitted, **own}.items()
        ]
    return lines


def calibrate(
    model: str, suite: str, data: Path, threads: int | None, page: Path | None, write: bool
) -> None:
    """Fit, print, and write what is asked for.

    Raises:
        SpotterError: The preset or the suite cannot be used.
    """
    answers = answer_suite(model, suite, data, threads)
    calibrations = answers.fit()
    words = answers.calibrated(calibrations)
    there, read = answers.there, answers.read
    together = [found_words(part, answers.truths)[2] for part in (answers.given, words)]
    rows = [
        (there, there.held_out()),
        (read, read.held_out()),
        *([(answers.found, answers.found.held_out())] if "found" in calibrations else []),
        (together[0], together[1].scores),
    ]
    sweep = [
        [f"{min_score:g}", *(f"{100 * v:.1f}" for v in (s.precision, s.recall, s.hmean))]
        for min_score, s in answers.sweep(words).items()
    ]
    _print(rows, calibrations, sweep)
    if page is not None:
        write_page(page, Path(model).stem, suite, rows, calibrations, sweep)
    if write:
        print(f"written to {write_calibration(model, calibrations)}")


def _print(
    rows: Sequence[tuple[Answers, np.ndarray]],
    calibrations: Mapping[str, ScoreCalibration],
    sweep: Sequence[Sequence[str]],
) -> None:
    say: Callable[[str], None] = Console(highlight=False).print
    for line in _described(calibrations):
        say(line)
    for answers, scores in rows:
        before, after = answers.measure(answers.scores), answers.measure(scores)
        say(
            f"{answers.title}, {len(scores)} answers: calibration error"
            f" {100 * before.expected_error:.1f} % as given,"
            f" {100 * after.expected_error:.1f} % calibrated"
        )
    for min_score, precision, recall, hmean in sweep:
        say(f"min_score {min_score}: precision {precision}, recall {recall}, hmean {hmean}")


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of ``tools/calibrate.py``."""
    parser = argparse.ArgumentParser(
        prog="calibrate.py", description="Make the scores of a preset probabilities of being right."
    )
    parser.add_argument("model", help="preset, or .json of one")
    parser.add_argument("--data", type=Path, required=True, metavar="ROOT", help="data root")
    parser.add_argument("--suite", choices=SUITES, default="validation")
    parser.add_argument("--threads", type=int, help="default: all cores of this process")
    parser.add_argument("--page", type=Path, metavar="FILE", help="write the preset's model card")
    parser.add_argument("--write", action="store_true", help="put the fit into the preset's file")
    args = parser.parse_args(arguments)
    calibrate(args.model, args.suite, args.data, args.threads, args.page, args.write)
