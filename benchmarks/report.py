"""The scores of a run as one table: in the terminal, as Markdown, as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

import spotter
from benchmarks.run import Score
from benchmarks.sets import OpenedSet
from benchmarks.suites import Suite, WordListSet, WordSet
from benchmarks.systems import System
from spotter.cli.doctor import processor
from spotter.evaluation.report import markdown_table
from spotter.runtime.openvino import is_quicker

_MISSING = "-"
_TASKS = {
    "recognition": "words",
    "detection": "detection",
    "end_to_end": "end to end",
    "word_lists": "words in lists",
}

#: What a protocol's name stands for, in the words of a table's footnote.
PROTOCOLS = {
    ("recognition", "exact"): "case and marks count, as far as the labels of the set have them",
    ("recognition", "36"): "digits and letters without case; other characters are removed from "
    "both sides",
    ("recognition", "icdar2013_857"): "as 36; words with symbols or of fewer than three characters "
    "are left out",
    ("recognition", "icdar2013_1015"): "as 36; words with symbols are left out",
    ("recognition", "icdar2015_1811"): "as 36; words with symbols are left out",
    ("recognition", "icdar2015_2077"): "as 36",
    ("recognition", "union14m"): "as 36",
    (
        "detection",
        "icdar2015",
    ): "IoU > 0.5, one to one; detections on don't-care words are left out",
    ("detection", "iou"): "IoU > 0.5, one to one; detections on don't-care words are left out",
    ("detection", "icdar2013"): "DetEval with the settings of ICDAR 2013",
    ("detection", "totaltext"): "DetEval with the settings of Total-Text",
    ("detection", "deteval"): "DetEval on polygons",
    ("detection", "tiou"): "TIoU (Liu et al., CVPR 2019)",
    ("detection", "cleval"): "CLEval (Baek et al., CVPRW 2020): characters, not words",
    ("end_to_end", "icdar2015"): "found at IoU > 0.5 and read right, case aside; the reading may "
    "leave out a symbol at each end",
    ("end_to_end", "icdar2013"): "as ICDAR 2015",
    ("end_to_end", "icdar2015_word_spotting"): "only words of three letters or more count",
    ("end_to_end", "icdar2013_word_spotting"): "only words of three letters or more count",
    ("end_to_end", "totaltext"): "word spotting: only words of three letters or more count",
    ("end_to_end", "ctw1500"): "as ICDAR 2015, on lines",
    ("end_to_end", "exact"): "found at IoU > 0.5 and read as labelled; case and marks count",
    ("word_lists", ""): "words by what they say, wherever they are found; a word is what stands "
    "between spaces. Exact: case and marks count; loose: only letters and digits, case folded",
}


def machine_sentence() -> str:
    """Where the figures were made, and in which precision a preset's networks compute there.

    Rounding alone moves scores: other processors give others.
    """
    about = processor()
    instructions = ", ".join(about["instructions"]) or "no vector instructions"
    how = "OpenVINO, in bfloat16" if is_quicker("cpu") else "ONNX Runtime, in float32"
    return f"Made on {about['name']} ({instructions}), where presets run on {how}."


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        set_name: The set or average.
        measure: What is measured, and by which protocol.
        cells: Text by system.
    """

    set_name: str
    measure: str
    cells: dict[str, str]


@dataclass(frozen=True)
class BenchmarkReport:
    """All that a report tells.

    Attributes:
        suite_names: The suites that were run.
        suites: Their definitions, in step.
        systems: Columns.
        opened: Sets that were found.
        missing: Names of those that were not.
        scores: All scores.
        command: The command line, with no paths of this machine.
    """

    suite_names: Sequence[str]
    suites: Sequence[Suite]
    systems: Sequence[System]
    opened: Sequence[OpenedSet]
    missing: Sequence[str]
    scores: Sequence[Score]
    command: str

    def rows(self) -> list[Row]:
        """Lines of the table, in the order of the scores."""
        rows: dict[tuple[str, str], Row] = {}
        for score in self.scores:
            for measure, text in _cells(score):
                key = score.set_name, measure
                rows.setdefault(key, Row(*key, {})).cells[score.system] = text
        return list(rows.values())

    def notes(self) -> list[str]:
        """What is not as it should be: missing sets and lexicons, counts unlike the literature."""
        notes = [f"{name}: not found, left out" for name in self.missing]
        for opened in self.opened:
            notes += [f"{opened.name}: no {lexicon} lexicon" for lexicon in opened.missing]
            kind = opened.kind
            if isinstance(kind, WordListSet):
                continue
            expected = kind.words if isinstance(kind, WordSet) else kind.photos
            counted = self._count(opened)
            if expected is not None and counted != expected:
                notes.append(f"{opened.name}: {counted:,} count, the literature has {expected:,}")
        return notes

    def _count(self, opened: OpenedSet) -> int:
        if not isinstance(opened.kind, WordSet):
            return len(opened.samples)
        counts = [
            score.values["count"]
            for score in self.scores
            if score.set_name == opened.name and score.protocol == opened.kind.protocol
        ]
        return counts[0] if counts else len(opened.samples)

    def overview(self) -> list[Row]:
        """The lines that tell most: of words, photos and word lists one measure each."""
        rows: dict[tuple[str, str], Row] = {}
        for score in self.scores:
            for measure, text in _overview_cells(score):
                key = score.set_name, measure
                rows.setdefault(key, Row(*key, {})).cells[score.system] = text
        return list(rows.values())

    def table(self) -> Table:
        """For the terminal."""
        table = Table(title=", ".join(self.suite_names), title_justify="left")
        for heading in ("set", "measure"):
            table.add_column(heading)
        for system in self.systems:
            table.add_column(system.name, justify="right")
        last = ""
        for row in self.rows():
            if last and row.set_name != last:
                table.add_section()
            name = row.set_name if row.set_name != last else ""
            table.add_row(name, row.measure, *self._in_order(row))
            last = row.set_name
        return table

    def markdown(self) -> str:
        """A whole page: the command, the table, and what it rests on."""
        headings = ["set", "measure", *(system.name for system in self.systems)]
        overview, rows = (
            [[row.set_name, row.measure, *self._in_order(row)] for row in part]
            for part in (self.overview(), self.rows())
        )
        parts = [
            "# Benchmarks\n",
            f"Made by this command, spotter {spotter.__version__}; do not edit.\n",
            f"```\n{self.command}\n```\n",
            *(f"{name}: {_sentence(s.about)}\n" for name, s in self._named_suites()),
            "Rates in percent. Thresholds are those listed below; none was searched here."
            f" {machine_sentence()}\n",
            markdown_table(headings, overview, left=2),
            "## All figures\n",
            markdown_table(headings, rows, left=2),
            "## Systems\n",
            _items(_about(system) for system in self.systems),
            "## Sets\n",
            _items(self._set_lines()),
            "## Protocols\n",
            _items(self._protocol_lines()),
        ]
        if self.notes():
            parts += ["## Notes\n", _items(self.notes())]
        return "\n".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready values."""
        return {
            "version": spotter.__version__,
            "command": self.command,
            "suites": list(self.suite_names),
            "systems": [{"name": c.name, **c.about} for c in self.systems],
            "sets": [
                {"name": opened.name, "place": opened.place, "samples": len(opened.samples)}
                for opened in self.opened
            ],
            "notes": self.notes(),
            "scores": [asdict(score) for score in self.scores],
        }

    def _named_suites(self) -> Iterable[tuple[str, Suite]]:
        return zip(self.suite_names, self.suites, strict=True)

    def _in_order(self, row: Row) -> list[str]:
        return [row.cells.get(system.name, _MISSING) for system in self.systems]

    def _set_lines(self) -> Iterable[str]:
        for opened in self.opened:
            labels = ""
            what = "pictures" if isinstance(opened.kind, WordListSet) else "photos"
            if isinstance(opened.kind, WordSet):
                what = "words that count"
                labels = _label_note(opened.kind.label_alphabet)
            yield f"{opened.name}: `{opened.place}`, {self._count(opened):,} {what}{labels}"

    def _protocol_lines(self) -> Iterable[str]:
        used = dict.fromkeys((s.task, s.protocol) for s in self.scores)
        for task, protocol in used:
            told = PROTOCOLS.get((task, protocol), protocol)
            if told:
                yield f"{', '.join(filter(None, (_TASKS[task], _protocol(protocol))))}: {told}"


def _cells(score: Score) -> Iterable[tuple[str, str]]:
    """(measure, text) of every line that a score gives."""
    values = score.values
    if score.task == "recognition":
        # A mean of sets, each by its own protocol: all of those fold case and leave out marks.
        suffix = f", {_protocol(score.protocol) or 'folded'}"
        yield f"word accuracy{suffix}", _percent(values["accuracy"])
        yield f"1-NED{suffix}", _percent(values["one_minus_ned"])
        if "expected_calibration_error" in values:
            error = values["expected_calibration_error"]
            yield f"expected calibration error{suffix}", _percent(error)
        return
    if score.task == "word_lists":
        yield from _word_list_cells(score)
        return
    name = _photo_measure(score)
    for part in ("precision", "recall", "hmean"):
        yield f"{name}: {part}", _percent(values[part])
    if "average_precision" in values:
        yield f"{name}: average precision", _percent(values["average_precision"])
    if "matched_one_minus_ned" in values:
        yield f"{name}: 1-NED of matched words", _percent(values["matched_one_minus_ned"])


def _photo_measure(score: Score) -> str:
    lexicon = f", {score.lexicon} lexicon" if score.lexicon else ""
    return f"{_TASKS[score.task]}, {_protocol(score.protocol)}{lexicon}"


def _word_list_cells(score: Score) -> Iterable[tuple[str, str]]:
    values = score.values
    yield "exact F1, mean of files", _percent(values["mean_f1"])
    for form in ("exact", "loose"):
        for kind, counts in values[form].items():
            share = f"{counts['right']} of {counts['true']} ({_percent(counts['share'])})"
            yield f"{form}, {kind}", share
        yield f"{form}, false words", str(values[form]["all"]["false"])


def _overview_cells(score: Score) -> Iterable[tuple[str, str]]:
    """Lines of the overview that a score gives: accuracies, and hmeans without lexicon."""
    if score.task == "recognition":
        yield from (cell for cell in _cells(score) if cell[0].startswith("word accuracy"))
    elif score.task == "word_lists":
        counted = (f"loose, {kind}" for kind in score.values["loose"] if kind != "all")
        hidden = set(counted)
        yield from (cell for cell in _word_list_cells(score) if cell[0] not in hidden)
    elif score.lexicon is None:
        values = score.values
        parts = [_percent(values[part]) for part in ("hmean", "precision", "recall")]
        yield f"{_photo_measure(score)}: hmean (precision, recall)", _grouped(*parts)


def _grouped(first: str, *others: str) -> str:
    return f"{first} ({', '.join(others)})"


def _label_note(alphabet: str) -> str:
    """What the labels of a set leave out, for the list of sets."""
    notes = {
        "36": "letters and digits without case",
        "62": "letters and digits",
        "upper": "letters and digits in upper case",
        "94": "ASCII without spaces",
        "latin": "Latin letters and marks without spaces",
    }
    return f"; its labels: {notes[alphabet]}" if alphabet in notes else ""


def _protocol(name: str) -> str:
    return f"{name} characters" if name.isdecimal() else name.replace("_", " ")


def _percent(value: float) -> str:
    return f"{100 * value:.2f}"


def _about(system: System) -> str:
    told = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in system.about.items())
    return f"{system.name}: {told}{'; ' if system.note else ''}{system.note}"


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _items(lines: Iterable[str]) -> str:
    return "".join(f"- {line}\n" for line in lines)
