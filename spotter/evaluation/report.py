"""Scores as tables and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.table import Table

from spotter.evaluation.protocols.recognition import RecognitionReport, RecognitionScores

#: Headings of scores; others keep their names.
HEADINGS = {
    "precision": "precision",
    "recall": "recall",
    "hmean": "hmean",
    "average_precision": "AP",
    "accuracy": "accuracy",
    "accuracy_ed1": "ED<=1",
    "one_minus_ned": "1-NED",
    "matched_one_minus_ned": "1-NED of matched",
    "character_precision": "char. precision",
    "character_recall": "char. recall",
}
_CONFUSIONS = 20


def cell(value: float | int | None) -> str:
    """A number in a table: counts unchanged, rates in percent."""
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{100 * value:.2f}"


def scores_table(title: str, columns: Iterable[tuple[str, Mapping[str, Any]]]) -> Table:
    """One column of scores per name; rates in percent, ``-`` where a column lacks a score.

    Args:
        title: Above the table.
        columns: (name, scores by name).
    """
    columns = list(columns)
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for label, _ in columns:
        table.add_column(label, justify="right")
    for name in dict.fromkeys(key for _, scores in columns for key in scores):
        heading = HEADINGS.get(name, name.replace("_", " "))
        table.add_row(heading, *(cell(scores.get(name)) for _, scores in columns))
    return table


def breakdown_table(title: str, rows: Iterable[tuple[str, Mapping[str, Any]]]) -> Table:
    """One row of scores per group, all with the same scores; rates in percent."""
    rows = list(rows)
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for name in rows[0][1] if rows else ():
        table.add_column(HEADINGS.get(name, name.replace("_", " ")), justify="right")
    for label, scores in rows:
        table.add_row(label, *map(cell, scores.values()))
    return table


def recognition_tables(title: str, report: RecognitionReport) -> list[Table]:
    """Scores in all and by set, by length, reliability, and the most frequent confusions."""
    columns = [("all words", asdict(report.weighted))]
    if len(report.sources) > 1:
        columns.append(("mean of the sets", asdict(report.arithmetic)))
        columns += [(name, asdict(scores)) for name, scores in report.sources.items()]
    tables = [scores_table(title, columns)]
    lengths = [(str(length), _brief(scores)) for length, scores in report.lengths.items()]
    tables.append(breakdown_table("by length of the true word", lengths))
    if report.calibration is not None:
        groups = [
            (
                f"{group.low:.2f} to {group.high:.2f}",
                {"confidence": group.confidence, "accuracy": group.accuracy, "count": group.count},
            )
            for group in report.calibration.bins
            if group.count
        ]
        error = report.calibration.expected_error
        tables.append(
            breakdown_table(f"reliability: expected calibration error {100 * error:.2f} %", groups)
        )
    confusions = report.confusions().most_common(_CONFUSIONS)
    if confusions:
        table = Table(title="most frequent errors", title_justify="left")
        for heading in ("true", "read", "count"):
            table.add_column(heading, justify="right" if heading == "count" else "left")
        for true, read, count in confusions:
            table.add_row(true or "nothing", read or "nothing", f"{count:,}")
        tables.append(table)
    return tables


def recognition_json(report: RecognitionReport) -> dict[str, Any]:
    """The whole report, JSON-ready."""
    return {
        "scores": asdict(report.weighted),
        "mean": asdict(report.arithmetic),
        "sets": {name: asdict(scores) for name, scores in report.sources.items() if name},
        "lengths": {str(length): asdict(scores) for length, scores in report.lengths.items()},
        "dropped": report.dropped,
        "calibration": None if report.calibration is None else report.calibration.to_dict(),
        "confusions": report.confusions().most_common(),
    }


def markdown_table(headings: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """A table in Markdown; all columns but the first ``left`` are aligned to the right."""
    rule = ["---"] * left + ["---:"] * (len(headings) - left)
    lines = [headings, rule, *rows]
    return "".join("| " + " | ".join(map(_escaped, line)) + " |\n" for line in lines)


def _escaped(field: str) -> str:
    return field.replace("|", "\\|")


def _brief(scores: RecognitionScores) -> dict[str, Any]:
    names = ("accuracy", "one_minus_ned", "count")
    return {name: getattr(scores, name) for name in names}
