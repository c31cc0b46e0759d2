"""Predictions of a system on a set, and their scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

from rich.console import Console

from benchmarks.sets import OpenedSet
from benchmarks.suites import Average, BenchmarkSet, PhotoSet, Suite, WordListSet, WordSet
from benchmarks.systems import System
from spotter.bulk.here import Here
from spotter.bulk.jobs import SpotJob
from spotter.bulk.outputs import LinesOutput
from spotter.bulk.run import Photos, write_answers
from spotter.data.transforms.loading import load_pixels
from spotter.errors import SpotterError
from spotter.evaluation.by_name import read_records
from spotter.evaluation.protocols.names import (
    EXACT_PROTOCOL,
    detection_protocol,
    end_to_end_protocol,
    recognition_protocol,
)
from spotter.evaluation.protocols.recognition import (
    EXACT,
    RecognitionReport,
    evaluate_recognition,
    mean_scores,
)
from spotter.evaluation.protocols.word_lists import evaluate_word_lists, read_texts
from spotter.evaluation.saved import photos_in_step, words_in_step
from spotter.label_alphabet import LabelAlphabet
from spotter.structures import SpottingResult

#: Reports by set, then by protocol.
Reports: TypeAlias = "Mapping[str, Mapping[str, RecognitionReport]]"

#: Crops that are read together, and photos between two updates of the progress bar.
_WORD_CHUNK, _PHOTO_CHUNK = 64, 4


@dataclass(frozen=True)
class Score:
    """Scores of one system on one set by one protocol.

    Attributes:
        set_name: The set, or the average.
        task: ``recognition``, ``detection``, ``end_to_end`` or ``word_lists``.
        protocol: The protocol's name.
        lexicon: Name of the lexicon; ``None``: none.
        system: Its name.
        values: The scores by name.
    """

    set_name: str
    task: str
    protocol: str
    lexicon: str | None
    system: str
    values: dict[str, Any]


def predict(system: System, opened: OpenedSet, folder: Path, console: Console) -> Path:
    """Predictions of a set as our JSON lines; a later run goes on where this one stopped.

    Args:
        system: Who predicts.
        opened: The set.
        folder: Folder of the file ``<system>/<set>.jsonl``.
        console: Where the progress bar goes.

    Returns:
        The file.
    """
    name = "".join(c if c.isalnum() else "_" for c in opened.name)
    out = folder / system.key / f"{name}.jsonl"
    answer = _word_records
    if not isinstance(opened.kind, WordSet):
        answer = _photo_records if isinstance(opened.kind, PhotoSet) else _file_records

    def answers(names: Sequence[str], _: Sequence[Path]) -> list[dict[str, Any]]:
        return answer(system, {name: opened.samples[name] for name in names})

    photos = Photos.named({name: Path(name) for name in opened.samples})
    chunk = _WORD_CHUNK if isinstance(opened.kind, WordSet) else _PHOTO_CHUNK
    engine = Here(answers, SpotJob().failure, chunk)
    label = f"{opened.name}, {system.name}"
    write_answers(LinesOutput(out), photos, engine, label=label, console=console)
    return out


def can_run(system: System, kind: BenchmarkSet) -> bool:
    """Whether a system has the task of a set."""
    if isinstance(kind, WordListSet):
        return "files" in system.tasks
    return ("photos" if isinstance(kind, PhotoSet) else "words") in system.tasks


def _word_records(system: System, samples: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    crops, errors = {}, {}
    for name, sample in samples.items():
        try:
            crops[name] = load_pixels(sample)
        except SpotterError as error:
            errors[name] = str(error)
    readings = dict(zip(crops, system.read(list(crops.values())), strict=True))
    records = []
    for name in samples:
        text, score = readings.get(name, (None, 0.0))
        records.append(
            {"image": name, "text": text, "score": round(score, 4), "error": errors.get(name)}
        )
    return records


def _photo_records(system: System, samples: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    records = []
    for name, sample in samples.items():
        result = SpottingResult(name)
        try:
            photo = load_pixels(sample)
            result.height, result.width = photo.shape[:2]
            result.instances = system.spot(photo)
        except SpotterError as error:
            result.error = str(error)
        records.append(result.to_dict())
    return records


def _file_records(system: System, samples: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    records = []
    for name, sample in samples.items():
        result = SpottingResult(name)
        try:
            result.instances = system.spot_file(Path(sample["img_path"]))
        except SpotterError as error:
            result.error = str(error)
        records.append(result.to_dict())
    return records


def score_words(
    system: System, opened: OpenedSet, predictions: Path
) -> tuple[list[Score], dict[str, RecognitionReport]]:
    """Scores of readings, and reports by protocol: exactly first, then by the set's own."""
    assert isinstance(opened.kind, WordSet)
    records = _of_set(predictions, opened)
    sides = words_in_step(records, opened.samples, predictions.name)
    labels = LabelAlphabet.load(opened.kind.label_alphabet)
    scores, reports = [], {}
    for protocol in dict.fromkeys((EXACT_PROTOCOL, opened.kind.protocol)):
        report = evaluate_recognition(
            sides.predictions,
            sides.truths,
            rules=recognition_protocol(protocol),
            confidences=sides.confidences,
            labels=labels,
        )
        values = asdict(report.weighted)
        if report.calibration is not None:
            values["expected_calibration_error"] = report.calibration.expected_error
        reports[protocol] = report
        scores.append(Score(opened.name, "recognition", protocol, None, system.name, values))
    return scores, reports


def score_word_lists(system: System, opened: OpenedSet, predictions: Path) -> Score:
    """Scores of pictures whose words are listed without places."""
    records = _of_set(predictions, opened)
    read = {name: read_texts(record) for name, record in records.items()}
    true = {name: sample["words"] for name, sample in opened.samples.items()}
    values = evaluate_word_lists(read, true).to_dict()
    return Score(opened.name, "word_lists", "", None, system.name, values)


def score_photos(system: System, opened: OpenedSet, predictions: Path) -> list[Score]:
    """Scores of the words of photos by all protocols of the set."""
    assert isinstance(opened.kind, PhotoSet)
    records = _of_set(predictions, opened)
    sides = photos_in_step(records, opened.samples, predictions.name, opened.place)
    found = []

    def add(task: str, protocol: str, lexicon: str | None, scores: Any) -> None:
        found.append(Score(opened.name, task, protocol, lexicon, system.name, scores.to_dict()))

    for protocol in opened.kind.detection:
        scores = detection_protocol(protocol)(sides.predictions, sides.truths)
        add("detection", protocol, None, scores)
    for protocol in opened.kind.end_to_end if system.reads else ():
        run = end_to_end_protocol(protocol)
        add("end_to_end", protocol, None, run(sides.predictions, sides.truths))
        for name, lexicon in opened.lexicons.items():
            scores = run(sides.predictions, sides.truths, lexicon)
            add("end_to_end", protocol, name, scores)
    return found


def score_average(system: System, average: Average, reports: Reports) -> list[Score]:
    """Weighted and arithmetic means over sets of words; none if one of the sets is missing.

    They are taken twice: exactly, and by each set's own protocol.
    """
    if not set(average.sets) <= set(reports):
        return []
    found = []
    for exact in (True, False):
        parts = [_report(reports[name], exact) for name in average.sets]
        # Sets may have their own rules, so words are pooled after those have been applied.
        words = [word for part in parts for word in part.words]
        pooled = evaluate_recognition(
            [word.read for word in words], [word.true for word in words], rules=EXACT
        )
        means = {
            "weighted": asdict(pooled.weighted),
            "arithmetic": asdict(mean_scores(part.weighted for part in parts)),
        }
        protocol = EXACT_PROTOCOL if exact else ""
        found += [
            Score(f"{average.name}, {kind} mean", "recognition", protocol, None, system.name, v)
            for kind, v in means.items()
        ]
    return found


def _report(reports: Mapping[str, RecognitionReport], exact: bool) -> RecognitionReport:
    """The exact report of a set, or that by its own protocol, which comes last."""
    return reports[EXACT_PROTOCOL] if exact else list(reports.values())[-1]


def averages(suite: Suite, system: System, reports: Reports) -> Iterable[Score]:
    """All means of a suite that can be taken."""
    for average in suite.averages:
        yield from score_average(system, average, reports)


def _of_set(predictions: Path, opened: OpenedSet) -> dict[str, dict[str, Any]]:
    """Records by name; a file may hold more than the set, after its definition was narrowed."""
    records = read_records(predictions)
    return {name: record for name, record in records.items() if name in opened.samples}
