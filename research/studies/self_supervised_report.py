"""The page of the self-supervised study: table, figure, every run, and what was measured how."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from statistics import fmean

from research.studies.report import (
    RANGE_NOTE,
    Row,
    StudyRows,
    mean_and_half_range,
    write_page,
)
from research.studies.self_supervised import COLUMNS, METHODS
from spotter.evaluation.report import markdown_table

SCORES = {"accuracy": "acc", "accuracy_ed1": "ED1", "one_minus_ned": "1-NED", "choice": "of 50"}
"""Scores of each column of the study, and their short names."""

_SHOWN = ("accuracy", "accuracy_ed1", "choice")
"""Those of the table; the others are in the files of the rows."""

_READS = 0.2
"""Word accuracy from which rows are compared by it; below, by :data:`SCORES` ``choice``."""

# Pairs of methods that the paper orders: the first is at least as good as the second.
_CLAIMS = (
    ("window-to-instance beats no stage 1", "seqclr_window", "random"),
    ("window-to-instance beats image-level contrastive learning", "seqclr_window", "simclr"),
    ("window-to-instance is no worse than all-to-instance", "seqclr_window", "seqclr_all"),
    ("window-to-instance is no worse than frame-to-instance", "seqclr_window", "seqclr_frame"),
    ("an MLP head is no worse than none", "seqclr_window", "seqclr_window_none"),
    ("an MLP head is no worse than a BiLSTM", "seqclr_window", "seqclr_window_bilstm"),
)

_INTRODUCTION = """# Self-supervised pretraining: what the encoder learns

`tools/study.py self_supervised` made this page. Stage 1 trains the encoder of a recognizer on
word crops without labels. Stage 2 asks what it has learned: a fresh decoder is trained on the
frozen encoder with all labels (*decoder evaluation*), or everything is fine-tuned with a fresh CTC
decoder on 5 %, 10 % or all of the labels, the same words for every row. Rows of one seed start from
the same weights, random ones unless *Scale* names others.

Unlabelled: the words of MLT2017 (cut out by quads without text), and the training words of
ICDAR2015 and IIIT5K without their labels. Labelled: the same training words of ICDAR2015 (1 to
3960) and IIIT5K. Test: the 647 words of SVT and the held-out ICDAR2015 words 3961 to 4468, both
sets together; 36 characters, case folded. All CTC decoders are helped over their first plateau by
`FrameAlignmentHook`. Views get changes of colour in addition to SeqCLR's operations, because a
batch of 64 photographed words is told apart by its colours alone.
"""

_READING_AID = """All scores in percent: *acc* is word accuracy, *ED1* allows one edit, and *of 50*
is how often the true word is found more likely than 49 others of its length (2.0 by chance), which
tells weak readers apart. Numbers after ± are half the range over the seeds; rows without it ran
once. *characters* is a linear classifier of characters on the frozen frames of IIIT5K words
(divided evenly among a word's characters; the commonest character alone gives {chance}). *std* and
*rank* are the standard deviation of the normalised features and their effective rank at the end of
pretraining: signs of collapse.
"""


def write_report(folder: Path, path: Path) -> None:
    """Write the page and, next to it, its figure.

    Args:
        folder: The finished rows, one JSON each.
        path: The Markdown file.

    Raises:
        ConfigError: There is no finished row.
    """
    rows = StudyRows.read(folder, METHODS)
    chance = f"{100 * rows.first['ctc']['probe']['probe/chance']:.1f}"
    lines = [_line(rows.title(name), group) for name, group in rows.groups().items()]
    write_page(
        path,
        {title: rows.curves(partial(_curve, column)) for column, title in COLUMNS.items()},
        ("processor seconds, pretraining included", "right word of 50, %"),
        _INTRODUCTION,
        [markdown_table(_header(), lines), "", _READING_AID.format(chance=chance)],
        {
            "The paper's order and ours": _findings(rows),
            "Scale": _scale(rows),
            "Every run": _every_run(rows),
        },
    )


def _header() -> list[str]:
    header = ["stage 1", "runs", "characters"]
    for title in COLUMNS.values():
        first, *others = (SCORES[key] for key in _SHOWN)
        header += [f"{title}: {first}", *others]
    return [*header, "std", "rank", "CPU s, stage 1", "CPU s, stage 2"]


def _line(title: str, rows: Sequence[Row]) -> list[str]:
    probes = [row["ctc"]["probe"]["probe/linear"] for row in rows]
    cells = [title, str(len(rows)), mean_and_half_range(probes)]
    for column in COLUMNS:
        for key in _SHOWN:
            cells.append(mean_and_half_range([_score(row, column, key) for row in rows]))
    stages = [row["pretrain"] for row in rows if "pretrain" in row]
    for key, digits in (("feature_std", 3), ("effective_rank", 0)):
        values = [stage["logged"][key] for stage in stages]
        cells.append(f"{fmean(values):.{digits}f}" if values else "")
    cells.append(f"{fmean(stage['cpu_seconds'] for stage in stages):.0f}" if stages else "0")
    spent = [sum(row[column]["cpu_seconds"] for column in COLUMNS) for row in rows]
    return [*cells, f"{fmean(spent):.0f}"]


def _score(row: Row, column: str, key: str) -> float:
    return float(row[column]["metrics"][f"recognition/{key}"])


def _curve(column: str, row: Row) -> list[tuple[float, float]]:
    """Scores of a second stage by the processor seconds of both stages."""
    before = row["pretrain"]["cpu_seconds"] if "pretrain" in row else 0.0
    return [(before + seconds, score) for seconds, score in row[column]["curve"]]


def _findings(rows: StudyRows) -> str:
    """Each claim of the paper with the numbers that bear on it, for better or worse."""
    groups = rows.groups()
    key = _compared(rows)
    lines = [
        "SeqCLR (Aberdam et al. 2021) and the survey say, and here it is, in points of"
        f" *{SCORES[key]}*:"
    ]
    lines.append("")
    for claim, better, worse in _CLAIMS:
        if better not in groups or worse not in groups:
            continue
        gaps = _gaps(groups[better], groups[worse], key)
        signs = [gap >= 0 for gap in gaps.values()]
        verdict = "so it is" if all(signs) else "partly" if any(signs) else "not here"
        parts = "; ".join(f"{title} {gap:+.1f}" for title, gap in gaps.items())
        lines.append(f"- {claim}: **{verdict}** ({parts}).")
    lines += ["", "Every method against no stage 1, in the same points:", ""]
    for name, group in groups.items():
        if name == "random" or "random" not in groups:
            continue
        gaps = _gaps(group, groups["random"], key)
        rank = fmean(row["pretrain"]["logged"]["effective_rank"] for row in group)
        parts = "; ".join(f"{title} {gap:+.1f}" for title, gap in gaps.items())
        lines.append(f"- {rows.title(name)}: {parts}; effective rank {rank:.0f}.")
    return "\n".join([*lines, "", RANGE_NOTE])


def _compared(rows: StudyRows) -> str:
    """The score that rows are compared by: one that tells them apart."""
    best = max(_score(row, column, "accuracy") for row in rows for column in COLUMNS)
    return "accuracy" if best >= _READS else "choice"


def _gaps(rows: Sequence[Row], others: Sequence[Row], score: str) -> dict[str, float]:
    """Points of a score by which the mean of one group lies above another's, by column."""

    def mean(group: Sequence[Row], column: str) -> float:
        return 100.0 * fmean(_score(row, column, score) for row in group)

    return {title: mean(rows, key) - mean(others, key) for key, title in COLUMNS.items()}


def _scale(rows: StudyRows) -> str:
    settings, row = rows.settings, rows.first
    stages = [r["pretrain"] for r in rows if "pretrain" in r]
    runs = [r[key] for r in rows for key in ("pretrain", *COLUMNS) if key in r]
    before = ""
    if stages:
        before = f"Stage 1: {stages[0]['iterations']} iterations of {settings['pairs']} words. "
    return (
        "This is a study on one processor core. The paper pretrains for 300,000 iterations of 256"
        " words with an encoder of tens of millions of parameters; this is about a thousandth of"
        f" that. Crops of 32x{settings['width']}; {rows.recognizer}."
        f" {before}Stage 2: {row['ctc']['iterations']} iterations of {settings['batch_size']} words"
        f" for CTC, {row['attention']['iterations']} for attention,"
        f" {row['fine_tune_10']['iterations']} of {settings['fine_tune_batch_size']} for"
        " fine-tuning."
        f" {rows.cost(sum(run['cpu_seconds'] for run in runs))}"
    )


def _every_run(rows: StudyRows) -> str:
    header = ["row", "seed", "kNN", "linear"]
    for title in COLUMNS.values():
        header += [f"{title}: SVT acc", "SVT of 50", "ICDAR2015 acc", "ICDAR2015 of 50"]
    lines = []
    for name, group in rows.groups().items():
        for row in group:
            probe = row["ctc"]["probe"]
            line = [name, str(row["seed"])]
            line += [f"{100 * probe[key]:.1f}" for key in ("probe/knn", "probe/linear")]
            for column in COLUMNS:
                for source in ("svt", "icdar2015"):
                    for key in ("accuracy", "choice"):
                        line.append(f"{100 * _score(row, column, f'{source}/{key}'):.1f}")
            lines.append(line)
    return markdown_table(header, lines)
