"""The page of the semi-supervised study: table, figures, every run, and what was measured how."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

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
from spotter.evaluation.report import markdown_table

_INTRODUCTION = """# Semi-supervised training: real words without labels

`tools/study.py semi_supervised` made this page. The only labels are those of rendered words. The
unlabelled words are crops that our detector mined from photos (`tools/mine_crops.py`): of
packages, of MLT2017, of the training photos of ICDAR2015 (1 to 900), ICDAR2003 and SVT. Test: the
647 words of SVT, the held-out ICDAR2015 words 3961 to 4468, and the 2,000 training words of IIIT5K,
which nothing here was trained on. Accuracy with 36 characters, case folded; *mean* is that of the
three sets.

All rows go on from the same supervised recognizer (*start*) for the same number of updates, with
the same labelled words, learning rates and augmentation; seeds differ in the order of the words and
in their augmentation. *More synthetic words* sees 7/3 as many labelled words per update, which
costs about as much as an update of the methods with unlabelled words.
"""

_SCARCE = """Labels are scarce, as in the published ablation: the start and all rows but one know
{words:,} of the {synthetic:,} rendered words. *More synthetic words* knows all of them,
*same compute* sees as many of the {words:,}.
"""

_PLENTY = """All rows know all {synthetic:,} rendered words (`--words {synthetic} --start {start}`).
"""

_READING_AID = """*online* is the model that is trained, *target* its average (the frozen teacher,
for pseudo-labels); both as they were at the end, none chosen by its score. *gain* is over
*supervised, same updates*. *kept* is the share of unlabelled words that pass the filter, and
*right* the share of right readings among those whose truth is known, because their photo happens to
be annotated (both: mean over the last third of the run; the truth is used for nothing else).
Numbers after ± are half the range over the seeds; rows without it ran once.
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
    settings = {"words": rows.settings["synthetic"], **rows.settings}
    labels = _SCARCE if settings["words"] < settings["synthetic"] else _PLENTY
    lines = [_start_line(rows), *(_line(name, rows) for name in rows.names)]
    write_page(
        path,
        curves(rows),
        ("processor seconds since the start", "%"),
        f"{_INTRODUCTION}\n{labels.format(**settings)}",
        [markdown_table(_header(), lines), "", _READING_AID],
        {
            "What the table says": findings(rows),
            "Compared with the published gain": _published(rows),
            "Scale": _scale(rows),
            "Every run": _every_run(rows),
        },
    )


def _accuracies(rows: Sequence[Row], model: str = "online", test: str = "mean") -> list[float]:
    return [row["train"][model][test] for row in rows if model in row["train"]]


def gains(name: str, rows: StudyRows) -> list[float]:
    """Gain of each run over the supervised run of its seed, as a share."""
    return rows.differences(name, "supervised", mean_accuracy)


def mean_accuracy(row: Row) -> float:
    """Mean accuracy over the test sets of the model that was trained."""
    return float(row["train"]["online"]["mean"])


def late(row: Row, scalar: str) -> float | None:
    """Mean of a logged scalar over the last third of a run."""
    points = row["train"]["log"].get(scalar, [])
    if not points:
        return None
    last = points[-1][0]
    return fmean(value for step, value in points if step >= 2 * last / 3)


def _header() -> list[str]:
    header = ["row", "runs", *set_headings(TESTS)]
    return [*header, "mean", "gain", "target, mean", "kept", "right", "CPU s"]


def _start_line(rows: StudyRows) -> list[str]:
    start = rows.first["start"]
    cells = [f"{100 * start['online'][test]:.1f}" for test in (*TESTS, "mean")]
    return ["*start of all rows*", "1", *cells, "", "", "", "", f"{start['cpu_seconds']:.0f}"]


def _line(name: str, rows: StudyRows) -> list[str]:
    group = rows.group(name)
    cells = [rows.title(name), str(len(group))]
    cells += [mean_and_half_range(_accuracies(group, "online", test)) for test in (*TESTS, "mean")]
    gain = gains(name, rows)
    cells.append(signed(gain) if gain and name != "supervised" else "")
    targets = _accuracies(group, "target")
    cells.append(mean_and_half_range(targets) if targets else "")
    for scalar in ("kept", "pseudo_accuracy"):
        values = [value for row in group if (value := late(row, scalar)) is not None]
        cells.append(mean_and_half_range(values) if values else "")
    return [*cells, f"{fmean(row['train']['cpu_seconds'] for row in group):.0f}"]


def signed(values: Sequence[float]) -> str:
    """Mean and half the range of gains, in points, with a sign."""
    text = mean_and_half_range(values)
    return text if text.startswith("-") else f"+{text}"


def curves(rows: StudyRows) -> dict[str, Curves]:
    """Panels of lines; of several runs of a row the first is drawn."""

    def logged(scalar: str) -> Curves:
        return rows.curves(lambda row: _by_seconds(row["train"], scalar))

    panels = {
        "accuracy, SVT and ICDAR 2015": rows.curves(lambda row: row["train"]["curve"]),
        "pseudo-labels kept": logged("kept"),
        "kept pseudo-labels that are right": logged("pseudo_accuracy"),
    }
    return {title: lines for title, lines in panels.items() if lines}


def _by_seconds(run: Row, scalar: str) -> list[tuple[float, float]]:
    """A logged scalar by the processor seconds of its step."""
    pace = run["cpu_seconds"] / max(run["iterations"], 1)
    return [(step * pace, value) for step, value in run["log"].get(scalar, [])]


def findings(rows: StudyRows) -> str:
    """The survey's claims, each with the numbers that bear on it, for better or worse."""
    claims = [
        ("consistency beats supervised training on the same labels", "consistency", "supervised"),
        ("... also where that costs as much", "consistency", "same_compute"),
        ("... also where that sees more rendered words", "consistency", "more_synthetic"),
        ("consistency beats pseudo-labels", "consistency", "pseudo_label"),
        ("consistency beats Mean Teacher", "consistency", "mean_teacher"),
        ("consistency beats FixMatch", "consistency", "fixmatch"),
        ("context sharing adds something", "consistency", "no_context"),
        ("the projection adds something", "consistency", "no_projection"),
        ("the average of the weights adds something", "consistency", "no_average"),
        ("the filter adds something", "consistency", "no_filter"),
        ("domain adaptation adds something", "consistency", "no_domain"),
        ("soft labels are better than hard ones", "consistency", "hard"),
    ]
    return "\n".join([*rows.claims(claims, mean_accuracy), "", RANGE_NOTE])


def _published(rows: StudyRows) -> str:
    values = gains("consistency", rows)
    if not values:
        return "The rows for a comparison are not finished."
    settings, mined = rows.settings, rows.first["data"]["mined"]
    words = settings.get("words", settings["synthetic"])
    return (
        f"Zheng et al. (CVPR 2022) report +{_PUBLISHED} points on the mean of six test sets for"
        f" TRBA with 10 % of the labels of MJSynth and SynthText and 1.06 million unlabelled crops."
        f" Here it is {signed(values)} points. What differs: our recognizer has 0.6 million"
        f" parameters instead of about 50 million, and starts from a weak recognizer instead of a"
        f" converged one; the runs have {rows.first['train']['iterations']:,} updates of"
        f" {settings['unlabelled']} unlabelled crops instead of 250,000 of 288; there are"
        f" {mined:,} unlabelled crops in all; and the labels are of {words:,}"
        f" rendered words of our own."
    )


def _scale(rows: StudyRows) -> str:
    settings, row = rows.settings, rows.first
    words = settings.get("words", settings["synthetic"])
    total = row["start"]["cpu_seconds"] + sum(r["train"]["cpu_seconds"] for r in rows)
    return (
        f"Crops of 32x{settings['width']}; the recognizer of"
        f" `configs/_base_/models/recognizer_small.py` with an attention decoder (0.6 million"
        f" parameters). Start: {row['start']['iterations']} iterations of {settings['start_batch']}"
        f" rendered words. Rows: {row['train']['iterations']} iterations of {settings['labelled']}"
        f" labelled and {settings['unlabelled']} unlabelled words. Labelled words:"
        f" {words:,}, of *more synthetic words* {settings['synthetic']:,}. The average"
        f" of the weights has momentum {settings['momentum']}, because 0.999 would remember more"
        f" iterations than a row has. {rows.cost(total)}"
    )


def _every_run(rows: StudyRows) -> str:
    header = ["row", "seed", *TESTS, "mean", "target, mean", "kept", "right"]
    lines = []
    for name in rows.names:
        for row in rows.group(name):
            online, target = row["train"]["online"], row["train"].get("target")
            values = [online[test] for test in (*TESTS, "mean")]
            values += [None if target is None else target["mean"]]
            values += [late(row, scalar) for scalar in ("kept", "pseudo_accuracy")]
            cells = ["" if value is None else f"{100 * value:.1f}" for value in values]
            lines.append([name, str(row["seed"]), *cells])
    return markdown_table(header, lines)
