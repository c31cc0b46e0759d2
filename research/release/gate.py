"""The release gate: new weights are scored in the whole preset that they will be part of.

A recognizer that reads better by itself can read worse with its language model and test-time
augmentation, and a calibration fitted for one set of weights would be unfair to the other. So the
candidate and the shipped weights take the same place in the default preset, one after the other, on
the same photos and words, each with its own calibration and its own best ``min_score``. Word crops
count exactly (case and marks, as far as the labels have them) and folded.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.calibrate import answer_suite
from spotter.errors import ConfigError
from spotter.evaluation.protocols.detection import evaluate_detection
from spotter.evaluation.protocols.word_lists import evaluate_word_lists
from spotter.hub.resolution import SUFFIXES

SUITE = "validation"


@dataclass(frozen=True)
class GateResult:
    """Scores of the default preset with the candidate and with the shipped weights.

    Attributes:
        candidate: Scores in [0, 1] by name.
        shipped: The same for the shipped weights.
    """

    candidate: dict[str, float]
    shipped: dict[str, float]

    @property
    def better(self) -> bool:
        """Whether the candidate's scores are higher on average."""
        return sum(self.candidate.values()) > sum(self.shipped.values())

    def __str__(self) -> str:
        parts = (f"{n} {new:.3f} ({self.shipped[n]:.3f})" for n, new in self.candidate.items())
        return "the preset with the candidate (with the shipped weights): " + ", ".join(parts)


def run_release_gate(
    kind: str,
    name: str,
    candidate: Path,
    weights_folder: Path,
    data: Path,
    threads: int | None = None,
) -> GateResult | None:
    """Compare a candidate with the shipped weights in the default preset.

    Args:
        kind: ``"detector"`` (scored by detection and end-to-end hmean on the photos) or
            ``"recognizer"`` (accuracies on the words, exact and folded, mean over the sets, and
            end-to-end hmean). Either is also scored by the exact words of pictures whose words
            are listed without places, if the suite has them (F1, mean over the pictures).
        name: Of the shipped weights.
        candidate: Its ``.safetensors``, with its ``.onnx`` in the same folder.
        weights_folder: Folder with the shipped weights and ``presets.json``.
        data: Root of the data sets.
        threads: Per operator; ``None``: all cores of this process.

    Returns:
        The scores; ``None`` if there are no such weights yet, or no preset to put them in.

    Raises:
        ConfigError: ``data`` lacks photos or words of the suite.
    """
    shipped = weights_folder / f"{name}{SUFFIXES['onnx']}"
    if not shipped.is_file() or not (weights_folder / "presets.json").is_file():
        return None
    entry = json.loads((weights_folder / "presets.json").read_text(encoding="utf-8"))["default"]
    other = "recognizer" if kind == "detector" else "detector"
    partner = weights_folder / f"{entry[other]}{SUFFIXES['onnx']}"
    if not partner.is_file():
        return None
    entry.pop("calibration", None)
    entry[other] = str(partner.resolve())
    file = candidate.with_name(f"gate_{kind}.json")
    sides = []
    try:
        for weights in (candidate, shipped):
            entry[kind] = str(weights.resolve())
            file.write_text(json.dumps(entry, indent=1), encoding="utf-8")
            sides.append(_scores(kind, file, data, threads))
    finally:
        file.unlink(missing_ok=True)
    return GateResult(*sides)


def _scores(kind: str, preset: Path, data: Path, threads: int | None) -> dict[str, float]:
    answers = answer_suite(preset, SUITE, data, threads)
    if kind == "detector":
        own = {"detection": evaluate_detection(answers.given, answers.truths).hmean}
    else:
        own = {
            f"words {figure}": sum(shares.values()) / len(shares)
            for figure, shares in answers.accuracies.items()
        }
    words, listed = answers.given, answers.listed
    # Where all is right, or all wrong, there is nothing to fit.
    with suppress(ConfigError):
        fitted = answers.fit()
        words, listed = (answers.calibrated(fitted, part) for part in (words, listed))
    hmeans = {least: scores.hmean for least, scores in answers.sweep(words).items()}
    min_score = max(hmeans, key=hmeans.__getitem__)
    own["end to end"] = hmeans[min_score]
    if answers.expected:
        read = {
            name: [word.text for word in found if word.text and word.score >= min_score]
            for name, found in listed.items()
        }
        own["listed words"] = evaluate_word_lists(read, answers.expected).mean_f1
    return own
