"""The page of the semi-supervised study: table, figure, every run, and what was measured how."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from research.studies.report import (
    RANGE_NOTE,
    Curves,
    Row,
    StudyRows,
    mean_and_half_range,
    set_headings,
    write_page,
)
from research.studies.semi_supervised import METHODS
from research.studies.semi_supervised_data import TESTS
from research.studies.words import accuracies, paired_interval
from spotter.evaluation.report import markdown_table

_INTRODUCTION = """# Semi-supervised training: real words without labels

`tools/study.py semi_supervised` made this page. All rows go on from the same recognizer (*start*),
which was trained on drawn words only, and no row sees another label than those of drawn words. The
unlabelled words are crops that the shipped detector mined from photos (`tools/mine_crops.py`): of
packages, of logos, of MLT2017, of the training photos of ICDAR2015 (1 to 900), ICDAR2003 and SVT;
and the crops of receipts but for the last 500. Test: the 647 words of SVT, the held-out ICDAR2015
words 3961 to 4468, the 2,000 training words of IIIT5K, which nothing here was trained on, and the
last 500 words of receipts. *folded*: 36 characters, case folded; *exact*: case and marks count, as
far as the labels of a test have them. *mean* is that of the four tests.

Rows have the same number of updates, the same drawn words, learning rates and augmentation; seeds
differ in the order of the words and in their augmentation. *Same compute* sees 7/3 as many drawn
words per update, which costs about as much as an update of the methods with unlabelled words.
"""

_READING_AID = """*attention* is the decoder that most rows train and are read with; CTC guides it
on the drawn words, and *CTC* is what it reads in the same model. The rows named CTC are trained and
read with CTC.
*target* is the average of the weights; both are as they were at the end, none chosen by its score.
*gain* is in folded mean accuracy over supervised training with the same decoder, with the 95 %
interval of a paired bootstrap over words. *kept* is the share of unlabelled words that pass the
filter, and *right* the share of right readings among those whose truth is known (both: mean over
the last third of the run; the truth is used for nothing else). Numbers after ± are half the range
over the seeds; rows without it ran once.
"""

_PUBLISHED = 3.7


def write_report(folder: Path, path: Path) -> None:
    """Write the page and, next to it, its figure.

    Args:
        folder: The finished rows, one JSON each.
        path: The Markdown file.

    Raises:
        ConfigError: There is no finished row.
    """
    rows = StudyRows.read(folder, METHODS)
    lines = [*_start_lines(rows), *(_line(name, rows) for name in rows.names)]
    write_page(
        path,
        curves(rows),
        ("processor seconds since the start", "%"),
        _INTRODUCTION,
        [markdown_table(_header(), lines), "", _READING_AID],
        {
            "What the table says": findings(rows),
            "Compared with the published gain": _published(rows),
            "Scale": _scale(rows),
            "Every run": _every_run(rows),
        },
    )


def scores(row: Row, kind: str = "folded", model: str = "online", decoder: str = "") -> Any:
    """Accuracies by test and their ``mean``; ``None`` where the row has no such.

    Args:
        row: A finished row.
        kind: ``"folded"`` or ``"exact"``.
        model: ``"online"`` or ``"target"``.
        decoder: ``"attention"`` or ``"ctc"``; by default the one that the row trains.
    """
    marks = row["train"].get(model, {}).get(decoder or METHODS[row["row"]].decoder)
    return None if marks is None else accuracies(marks[kind])


def mean_accuracy(row: Row) -> float:
    """Folded mean accuracy over the tests of the model that was trained."""
    return float(scores(row)["mean"])


def baseline(name: str) -> str:
    """The supervised row with the same decoder."""
    return "supervised" if METHODS[name].decoder == "attention" else "supervised_ctc"


def gains(name: str, rows: StudyRows) -> list[float]:
    """Gain of each run over the supervised run of its seed, as a share."""
    return rows.differences(name, baseline(name), mean_accuracy)


def interval(better: str, worse: str, rows: StudyRows) -> tuple[float, float]:
    """95 % interval of the gain of one row over another, see :func:`paired_interval`."""

    def marks(name: str) -> list[dict[str, str]]:
        group = rows.group(name)
        return [row["train"]["online"][METHODS[name].decoder]["folded"] for row in group]

    return paired_interval(marks(better), marks(worse))


def late(row: Row, scalar: str) -> float | None:
    """Mean of a logged scalar over the last third of a run."""
    points = row["train"]["log"].get(scalar, [])
    if not points:
        return None
    last = points[-1][0]
    return fmean(value for step, value in points if step >= 2 * last / 3)


def _header() -> list[str]:
    header = ["row", "runs", *set_headings(TESTS), "mean, folded", "mean, exact", "gain"]
    return [*header, "CTC, mean", "target, mean", "kept", "right", "CPU s"]


def _start_lines(rows: StudyRows) -> list[list[str]]:
    """What the start reads with the decoders of the rows."""
    lines = []
    for decoder, marks in rows.first["start"].items():
        folded, exact = (accuracies(marks[kind]) for kind in ("folded", "exact"))
        values = [*(folded[test] for test in TESTS), folded["mean"], exact["mean"]]
        cells = [f"{100 * value:.1f}" for value in values]
        lines.append([f"*start of all rows, {decoder}*", "1", *cells, *[""] * 6])
    return lines


def _line(name: str, rows: StudyRows) -> list[str]:
    group = rows.group(name)

    def cell(value: Callable[[Row], float | None]) -> str:
        values = [found for row in group if (found := value(row)) is not None]
        return mean_and_half_range(values) if values else ""

    def mean_of(**which: str) -> Callable[[Row], float | None]:
        return lambda row: (scores(row, **which) or {}).get("mean")

    cells = [cell(lambda row, test=test: scores(row)[test]) for test in TESTS]  # type: ignore[misc]
    cells += [cell(mean_of()), cell(mean_of(kind="exact")), _gain(name, rows)]
    guided = METHODS[name].decoder == "attention"
    cells.append(cell(mean_of(decoder="ctc")) if guided else "")
    cells.append(cell(mean_of(model="target")))
    cells += [cell(lambda row, s=scalar: late(row, s)) for scalar in ("kept", "pseudo_accuracy")]  # type: ignore[misc]
    seconds = fmean(row["train"]["cpu_seconds"] for row in group)
    return [rows.title(name), str(len(group)), *cells, f"{seconds:.0f}"]


def _gain(name: str, rows: StudyRows) -> str:
    values = gains(name, rows)
    if not values or name == baseline(name):
        return ""
    low, high = interval(name, baseline(name), rows)
    return f"{signed(values)} [{100 * low:+.1f}, {100 * high:+.1f}]"


def signed(values: Sequence[float]) -> str:
    """Mean and half the range of gains, in points, with a sign."""
    text = mean_and_half_range(values)
    return text if text.startswith("-") else f"+{text}"


def curves(rows: StudyRows) -> dict[str, Curves]:
    """Panels of lines; of several runs of a row the first is drawn."""

    def logged(scalar: str) -> Curves:
        return rows.curves(lambda row: _by_seconds(row["train"], scalar))

    panels = {
        "pseudo-labels kept": logged("kept"),
        "kept pseudo-labels that are right": logged("pseudo_accuracy"),
    }
    return {title: lines for title, lines in panels.items() if lines}


def _by_seconds(run: Row, scalar: str) -> list[tuple[float, float]]:
    """A logged scalar by the processor seconds of its step."""
    pace = run["cpu_seconds"] / max(run["iterations"], 1)
    return [(step * pace, value) for step, value in run["log"].get(scalar, [])]


_CLAIMS = [
    ("consistency beats supervised training on the same labels", "consistency", "supervised"),
    ("... also where that costs as much", "consistency", "same_compute"),
    ("pseudo-labels beat supervised training", "pseudo_label", "supervised"),
    ("Mean Teacher beats supervised training", "mean_teacher", "supervised"),
    ("FixMatch by words beats supervised training", "fixmatch", "supervised"),
    ("FixMatch by characters beats supervised training", "fixmatch_characters", "supervised"),
    ("consistency beats pseudo-labels", "consistency", "pseudo_label"),
    ("consistency beats Mean Teacher", "consistency", "mean_teacher"),
    ("consistency beats FixMatch by words", "consistency", "fixmatch"),
    ("consistency beats FixMatch by characters", "consistency", "fixmatch_characters"),
    ("context sharing adds something", "consistency", "no_context"),
    ("the projection adds something", "consistency", "no_projection"),
    ("a projection that starts as the identity is better", "consistency", "random_projection"),
    ("the average of the weights adds something", "consistency", "no_average"),
    ("the filter adds something", "consistency", "no_filter"),
    ("domain adaptation adds something", "consistency", "no_domain"),
    ("soft labels are better than hard ones", "consistency", "hard"),
    ("the published views are better than mild ones", "consistency", "mild_views"),
    ("CTC: consistency by frames beats supervised training", "consistency_ctc", "supervised_ctc"),
    ("CTC: pseudo-labels beat supervised training", "pseudo_label_ctc", "supervised_ctc"),
]


def findings(rows: StudyRows) -> str:
    """The survey's claims, each with the numbers that bear on it, for better or worse."""
    lines = []
    for text, better, worse in _CLAIMS:
        for line in rows.claims([(text, better, worse)], mean_accuracy):
            low, high = interval(better, worse, rows)
            shown = f"; over words {100 * low:+.1f} to {100 * high:+.1f})"
            lines.append(line.removesuffix(").") + shown + ".")
    return "\n".join([*lines, "", RANGE_NOTE])


def _published(rows: StudyRows) -> str:
    values = gains("consistency", rows)
    if not values:
        return "The rows for a comparison are not finished."
    settings = rows.settings
    return (
        f"Zheng et al. (CVPR 2022) report +{_PUBLISHED} points on the mean of six test sets for"
        f" TRBA with 10 % of the labels of MJSynth and SynthText and 1.06 million unlabelled crops."
        f" Here it is {signed(values)} points. What differs: our recognizer has 4 million"
        f" parameters instead of about 50 million; the runs have"
        f" {rows.first['train']['iterations']:,} updates of {settings['unlabelled']} unlabelled"
        f" crops instead of 250,000 of 288; there are {_unlabelled(rows):,} unlabelled crops in"
        f" all; and the drawn words are our own."
    )


def _unlabelled(rows: StudyRows) -> int:
    return int(rows.first["data"]["mined"] + rows.first["data"]["receipts"])


def _scale(rows: StudyRows) -> str:
    settings, row = rows.settings, rows.first
    total = sum(r["train"]["cpu_seconds"] for r in rows)
    tested = settings["test_words"]
    return (
        f"The recognizer is that of `configs/_base_/models/recognizer_deep_ctc.py`; the start has"
        f" the digest {settings['weights']}. Rows: {row['train']['iterations']} iterations of"
        f" {settings['labelled']} labelled and {settings['unlabelled']} of"
        f" {_unlabelled(rows):,} unlabelled words, with a learning rate of at most"
        f" {settings['rate']:g}. The average of the weights has momentum {settings['momentum']},"
        f" because 0.999 would remember more iterations than a row has."
        + (f" Only the first {tested} words of each test were read." if tested else "")
        + f" {rows.cost(total)}"
    )


def _every_run(rows: StudyRows) -> str:
    kinds = [f"{test}, {kind}" for test in TESTS for kind in ("folded", "exact")]
    header = ["row", "seed", *kinds, "mean", "target, mean", "kept", "right"]
    lines = []
    for name in rows.names:
        for row in rows.group(name):
            folded, exact, target = (
                scores(row),
                scores(row, "exact"),
                scores(row, model="target"),
            )
            values = [found[test] for test in TESTS for found in (folded, exact)]
            values += [folded["mean"], None if target is None else target["mean"]]
            values += [late(row, scalar) for scalar in ("kept", "pseudo_accuracy")]
            cells = ["" if value is None else f"{100 * value:.1f}" for value in values]
            lines.append([name, str(row["seed"]), *cells])
    return markdown_table(header, lines)
