"""The page of the study of adaptation: table, claims, every run."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean
from typing import Any

from research.studies.adaptation import DOMAINS, METHODS
from research.studies.report import (
    RANGE_NOTE,
    Row,
    StudyRows,
    claim_line,
    mean_and_half_range,
    write_page,
)
from research.studies.words import Marks, accuracy, paired_interval
from spotter.evaluation.report import markdown_table

_INTRODUCTION = """# Adaptation: what labels by agreement and consistency add

`tools/study.py adaptation` made this page. All rows go on from the same recognizer (*start*), which
has seen neither domain, in the training of `spotter adapt --by agreement`, but for a fixed number
of updates. The domains are receipts and labels of cables and terminals (`receipt_words` and
`wire_labels`), whose own labels no row sees; their last 500 and 200 words measure. ICDAR2015's
words 3961 to 4468 tell what is forgotten. All figures are exact word accuracy in percent: case and
marks count; greedy, without language.

Rows have the same number of updates, of drawn words in each, learning rate and start; half of the
drawn words are of the shape of what was read in the domain. What a batch has besides, on average:

| row | drawn words | crops with a label by agreement | crops as weak and strong views |
| --- | ---: | ---: | ---: |
"""

_READING_AID = """*all*: the weights at the end of the training; *half*: their mean with those of
the start, which `spotter adapt` takes by default. *gain* is that of *all* in the domain over drawn
words only, in points, with the 95 % interval of a paired bootstrap over words. Numbers after ± are
half the range over the seeds; rows without it ran once.
"""

_CLAIMS = [
    ("consistency beats drawn words only", "consistency", "drawn"),
    ("labels by agreement beat drawn words only", "labels", "drawn"),
    ("consistency adds to labels by agreement", "both", "labels"),
]


def write_report(folder: Path, path: Path) -> None:
    """Write the page.

    Args:
        folder: The finished rows, one JSON each.
        path: The Markdown file.

    Raises:
        ConfigError: There is no finished row.
    """
    rows = StudyRows.read(folder, METHODS)
    lines = [*_start_lines(rows)]
    for domain in DOMAINS:
        lines += [_line(name, domain, rows) for name in rows.names]
    write_page(
        path,
        {},
        ("", ""),
        _INTRODUCTION + _batches(rows),
        [markdown_table(_HEADER, lines), "", _READING_AID],
        {
            "What the table says": _findings(rows),
            "Scale": _scale(rows),
            "Every run": _every_run(rows),
        },
    )


_HEADER = ["domain", "row", "runs", "all", "half", "gain", "ICDAR 2015, all", "half", "CPU s"]


def exact(row: Row, domain: str, share: str, test: str) -> float:
    """Exact accuracy of a row's weights for a domain, as a share.

    Args:
        row: A finished row.
        domain: That it was adapted to.
        share: ``"all"`` or ``"half"`` of the adapted weights.
        test: The domain, or ``"icdar2015"``.
    """
    marks: dict[str, Any] = row["domains"][domain]["marks"][share]
    return accuracy(marks["exact"][test])


def _batches(rows: StudyRows) -> str:
    drawn = rows.settings["general"] + rows.settings["alike"]
    lines = []
    for name in rows.names:
        method = METHODS[name]
        counts = f"{drawn} | {method.labelled} | {method.unlabelled}"
        lines.append(f"| {rows.title(name)} | {counts} |")
    return "\n".join(lines) + "\n"


def _start_lines(rows: StudyRows) -> list[list[str]]:
    marks = rows.first["start"]["exact"]
    general = f"{100 * accuracy(marks['icdar2015']):.1f}"
    return [
        [domain, "*start*", "1", f"{100 * accuracy(marks[domain]):.1f}", "", "", general, "", ""]
        for domain in DOMAINS
    ]


def _line(name: str, domain: str, rows: StudyRows) -> list[str]:
    group = rows.group(name)

    def cell(share: str, test: str) -> str:
        return mean_and_half_range([exact(row, domain, share, test) for row in group])

    seconds = fmean(row["domains"][domain]["cpu_seconds"] for row in group)
    return [
        domain,
        rows.title(name),
        str(len(group)),
        cell("all", domain),
        cell("half", domain),
        _gain(name, domain, rows),
        cell("all", "icdar2015"),
        cell("half", "icdar2015"),
        f"{seconds:.0f}",
    ]


def _gain(name: str, domain: str, rows: StudyRows) -> str:
    gaps = rows.differences(name, "drawn", lambda row: exact(row, domain, "all", domain))
    if name == "drawn" or not gaps:
        return ""

    def marks(method: str) -> list[Marks]:
        return [
            {domain: row["domains"][domain]["marks"]["all"]["exact"][domain]}
            for row in rows.group(method)
        ]

    low, high = paired_interval(marks(name), marks("drawn"))
    text = mean_and_half_range(gaps)
    sign = "" if text.startswith("-") else "+"
    return f"{sign}{text} [{100 * low:+.1f}, {100 * high:+.1f}]"


def _findings(rows: StudyRows) -> str:
    lines = []
    for domain in DOMAINS:

        def read(row: Row, domain: str = domain) -> float:
            return exact(row, domain, "all", domain)

        for claim, better, worse in _CLAIMS:
            gaps = rows.differences(better, worse, read)
            if gaps:
                lines.append(claim_line(f"{domain}: {claim}", gaps))
    return "\n".join([*lines, "", RANGE_NOTE])


def _scale(rows: StudyRows) -> str:
    settings = rows.settings
    runs = [run for row in rows for run in row["domains"].values()]
    cost = rows.cost(sum(run["cpu_seconds"] for run in runs))
    return (
        f"The start are the weights {settings['weights']} (first digits of the SHA-256)."
        f" {runs[0]['iterations']} updates, {settings['drawn']} drawn words. {cost}"
    )


def _every_run(rows: StudyRows) -> str:
    header = ["row", "seed", *(f"{d}, {s}" for d in DOMAINS for s in ("all", "half"))]
    lines = []
    for name, group in rows.groups().items():
        for row in group:
            values = [exact(row, d, s, d) for d in DOMAINS for s in ("all", "half")]
            lines.append(
                [rows.title(name), str(row["seed"]), *(f"{100 * value:.1f}" for value in values)]
            )
    return markdown_table(header, lines)
