"""The page of the semi-supervised study: table, figures, every run, and what was measured how."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from research.figures import draw_curves
from research.studies.common import claim_line, mean_and_spread, read_rows
from research.studies.semi_supervised import METHODS
from research.studies.semi_supervised_data import TESTS
from spotter.errors import ConfigError
from spotter.evaluation.report import markdown_table

Row = dict[str, Any]

_INTRODUCTION = """# Semi-supervised training: real words without labels

`tools/study.py semi_supervised` made this page. The only labels are those of rendered words. The
unlabelled words are crops that our detector harvested from photos (`tools/harvest_crops.py`): of
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
    """Write the page and, beside it, its figure.

    Args:
        folder: The finished rows, one JSON each.
        path: The Markdown file.

    Raises:
        ConfigError: There is no finished row.
    """
    rows = read_rows(folder)
    if not rows:
        raise ConfigError(f"{folder}: no finished row to report")
    figure = path.with_suffix(".png")
    draw_curves(figure, curves(rows), "processor seconds since the start", "%")
    settings = {"words": rows[0]["settings"]["synthetic"], **rows[0]["settings"]}
    scarce = settings["words"] < settings["synthetic"]
    sections = [
        _INTRODUCTION,
        (_SCARCE if scarce else _PLENTY).format(**settings),
        "## Results\n",
        markdown_table(_header(), [_start_line(rows), *(_line(n, rows) for n in _names(rows))]),
        "",
        _READING_AID,
        f"![over time]({figure.name})\n",
        "## What the table says\n",
        findings(rows),
        "",
        "## Beside the published gain\n",
        _published(rows),
        "",
        "## Scale\n",
        _scale(rows),
        "",
        "## Every run\n",
        _every_run(rows),
        "",
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(sections), encoding="utf-8")


def _names(rows: Sequence[Row]) -> list[str]:
    """Rows of the study that there are, in its order."""
    return [name for name in METHODS if any(row["row"] == name for row in rows)]


def _group(name: str, rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row["row"] == name]


def _accuracies(rows: Sequence[Row], model: str = "online", test: str = "mean") -> list[float]:
    return [row["train"][model][test] for row in rows if model in row["train"]]


def gains(name: str, rows: Sequence[Row]) -> list[float]:
    """Gain of each run over the baseline of its seed, as a share."""
    baseline = {row["seed"]: row["train"]["online"]["mean"] for row in _group("supervised", rows)}
    return [
        row["train"]["online"]["mean"] - baseline[row["seed"]]
        for row in _group(name, rows)
        if row["seed"] in baseline
    ]


def late(row: Row, scalar: str) -> float | None:
    """Mean of a logged scalar over the last third of a run."""
    points = row["train"]["log"].get(scalar, [])
    if not points:
        return None
    last = points[-1][0]
    return fmean(value for step, value in points if step >= 2 * last / 3)


def _header() -> list[str]:
    header = ["row", "runs", *(name.upper().replace("ICDAR", "ICDAR ") for name in TESTS)]
    return [*header, "mean", "gain", "target, mean", "kept", "right", "CPU s"]


def _start_line(rows: Sequence[Row]) -> list[str]:
    start = rows[0]["start"]
    cells = [f"{100 * start['online'][test]:.1f}" for test in (*TESTS, "mean")]
    return ["*start of all rows*", "1", *cells, "", "", "", "", f"{start['cpu_seconds']:.0f}"]


def _line(name: str, rows: Sequence[Row]) -> list[str]:
    group = _group(name, rows)
    cells = [METHODS[name].title, str(len(group))]
    cells += [mean_and_spread(_accuracies(group, "online", test)) for test in (*TESTS, "mean")]
    gain = gains(name, rows)
    cells.append(signed(gain) if gain and name != "supervised" else "")
    targets = _accuracies(group, "target")
    cells.append(mean_and_spread(targets) if targets else "")
    for scalar in ("kept", "pseudo_accuracy"):
        values = [value for row in group if (value := late(row, scalar)) is not None]
        cells.append(mean_and_spread(values) if values else "")
    return [*cells, f"{fmean(row['train']['cpu_seconds'] for row in group):.0f}"]


def signed(values: Sequence[float]) -> str:
    """Mean and half the range of gains, in points, with a sign."""
    text = mean_and_spread(values)
    return text if text.startswith("-") else f"+{text}"


def curves(rows: Sequence[Row]) -> dict[str, dict[str, list[tuple[float, float]]]]:
    """Panels of lines; of several runs of a row the first is drawn."""
    panels: dict[str, dict[str, list[tuple[float, float]]]] = {
        "accuracy, SVT and ICDAR 2015": {},
        "pseudo-labels kept": {},
        "kept pseudo-labels that are right": {},
    }
    for name in _names(rows):
        row = _group(name, rows)[0]
        run, title = row["train"], METHODS[name].title
        pace = run["cpu_seconds"] / max(run["iterations"], 1)
        lines = {
            "accuracy, SVT and ICDAR 2015": run["curve"],
            "pseudo-labels kept": [(s * pace, v) for s, v in run["log"].get("kept", [])],
            "kept pseudo-labels that are right": [
                (s * pace, v) for s, v in run["log"].get("pseudo_accuracy", [])
            ],
        }
        for panel, points in lines.items():
            if points:
                panels[panel][title] = [(x, 100.0 * y) for x, y in points]
    return {title: lines for title, lines in panels.items() if lines}


def findings(rows: Sequence[Row]) -> str:
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
    lines = []
    for claim, better, worse in claims:
        pairs = _differences(better, worse, rows)
        if pairs:
            lines.append(claim_line(claim, pairs))
    lines += ["", "Differences of about the spread of the seeds say nothing about the methods."]
    return "\n".join(lines)


def _differences(better: str, worse: str, rows: Sequence[Row]) -> list[float]:
    """Differences of the means of runs with the same seed."""
    first, second = (
        {row["seed"]: row["train"]["online"]["mean"] for row in _group(name, rows)}
        for name in (better, worse)
    )
    return [first[seed] - second[seed] for seed in sorted(first.keys() & second.keys())]


def _published(rows: Sequence[Row]) -> str:
    values = gains("consistency", rows)
    if not values:
        return "The rows for a comparison are not finished."
    settings, harvested = rows[0]["settings"], rows[0]["data"]["harvested"]
    words = settings.get("words", settings["synthetic"])
    return (
        f"Zheng et al. (CVPR 2022) report +{_PUBLISHED} points on the mean of six test sets for"
        f" TRBA with 10 % of the labels of MJSynth and SynthText and 1.06 million unlabelled crops."
        f" Here it is {signed(values)} points. What differs: our recognizer has 0.6 million"
        f" parameters instead of about 50 million, and starts from a weak recognizer instead of a"
        f" converged one; the runs have {rows[0]['train']['iterations']:,} updates of"
        f" {settings['unlabelled']} unlabelled crops instead of 250,000 of 288; there are"
        f" {harvested:,} unlabelled crops in all; and the labels are of {words:,}"
        f" rendered words of our own."
    )


def _scale(rows: Sequence[Row]) -> str:
    settings, row = rows[0]["settings"], rows[0]
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
        f" iterations than a row has. All trainings together took {total / 60:.0f} processor"
        f" minutes ({row['machine']}, {row['threads']} thread). Absolute accuracies are"
        f" therefore low; the comparison is what counts."
    )


def _every_run(rows: Sequence[Row]) -> str:
    header = ["row", "seed", *TESTS, "mean", "target, mean", "kept", "right"]
    lines = []
    for name in _names(rows):
        for row in _group(name, rows):
            online, target = row["train"]["online"], row["train"].get("target")
            values = [online[test] for test in (*TESTS, "mean")]
            values += [None if target is None else target["mean"]]
            values += [late(row, scalar) for scalar in ("kept", "pseudo_accuracy")]
            cells = ["" if value is None else f"{100 * value:.1f}" for value in values]
            lines.append([name, str(row["seed"]), *cells])
    return markdown_table(header, lines)
