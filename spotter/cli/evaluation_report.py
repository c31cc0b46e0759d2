"""What ``spotter evaluate`` prints and writes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from spotter.charset import Charset
from spotter.evaluation.protocols.recognition import RecognitionRules
from spotter.evaluation.saved import ScoredPhotos, ScoredWords
from spotter.io.writing import write_file

_SHOWN_REFUSALS = 10
_SHOWN_LETTERS = 10


def report(
    task: str,
    options: Mapping[str, Any],
    results: list[dict[str, Any]],
    tables: list[Table],
    counts: Mapping[str, Any],
) -> None:
    """Print tables and notes, and write ``--json`` where it was asked for."""
    console = Console()
    for table in tables:
        console.print(table)
    for note in _notes(counts):
        console.print(note, markup=False, highlight=False, soft_wrap=True)
    file: Path | None = options["json_file"]
    if file is not None:
        values = {
            "task": task,
            "predictions": options["predictions"],
            "ground_truth": options["ground_truth"],
            **counts,
            "results": results,
        }
        write_file(file, json.dumps(values, indent=1, ensure_ascii=False) + "\n")


def counted(what: str, scored: ScoredPhotos | ScoredWords) -> dict[str, Any]:
    """How many photos or words have no predictions, failed, or were refused."""
    return {
        "of": what,
        "unanswered": scored.unanswered,
        "failed": scored.failed,
        "refused": len(scored.refused),
        "refused_lines": scored.refused[:_SHOWN_REFUSALS],
    }


def _notes(counts: Mapping[str, Any]) -> Iterator[str]:
    what = counts["of"]
    if counts["unanswered"]:
        count = counts["unanswered"]
        yield f"{count} {what} have no predictions: counted as missed (or --predicted-only)"
    if counts["failed"]:
        yield f"{counts['failed']} {what} could not be read: counted as missed"
    if counts.get("refused"):
        yield f"{counts['refused']} lines or words of the predictions were refused:"
        yield from counts["refused_lines"]
    yield from counts.get("not_compared", ())


def unspelled_words(name: str, rule: RecognitionRules, truths: Sequence[str], counted: int) -> str:
    """A line on true words with letters that the rules leave out of the comparison."""
    if rule.charset is None:
        return ""
    charset = Charset.load(str(rule.charset))
    outside: Counter[str] = Counter()
    words = 0
    for text in truths:
        letters = [c for c in charset.unspellable(text) if c.isalnum()]
        outside.update(letters)
        words += bool(letters)
    if not words:
        return ""
    named = " ".join(letter for letter, _ in outside.most_common(_SHOWN_LETTERS))
    left = "no word counts at all" if not counted else f"{counted} words count"
    return (
        f"{name}: {words} of {len(truths)} true words have letters that do not count there"
        f" ({named}), {left}; --protocol exact counts all"
    )
