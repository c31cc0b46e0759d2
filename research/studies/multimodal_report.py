"""The page of the study of vision and language: table, examples, and what was measured how."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from research.studies.multimodal import CORRECTION_WEIGHTS
from research.studies.multimodal_configs import LANGUAGES, METHODS
from research.studies.report import (
    RANGE_NOTE,
    Row,
    StudyRows,
    mean_and_half_range,
    set_headings,
    write_page,
)
from research.studies.semi_supervised_data import TESTS
from spotter.evaluation.report import markdown_table

_INTRODUCTION = """# Vision and language

`tools/study.py multimodal` made this page. Stage 1 trains a vision model with a parallel
decoder on rendered words, with (*contrastive*) or without (*supervised*) SeqCLR on rendered and
real crops. Stage 2 trains a cloze language model on the words of public-domain books. Stage 3 puts
them together by a gate and goes on training: on labels alone, or also towards agreement of a weak
and a strong view of real words without labels, each modality taught as the row says (SemiMTR,
Aberdam et al. 2022). The unlabelled words are mined, as those of the semi-supervised study. Test:
the 647 words of SVT, the held-out ICDAR2015 words 3961 to 4468, the 2,000 training words of IIIT5K,
which nothing here was trained on, and the last 500 words of receipts. Accuracy with 36 characters,
case folded; *mean* is that of the four.
"""

_READING_AID = """*vision*, *language* and *fusion* are the three outputs of one model: what it
sees, what its language model makes of the last round's reading, and both together after the last
round. Vision + language without fusion adds the log-probabilities of the two models as stages 1 and
2 left them, with the weight that does best on the mean, and so shows more than could be had without
looking at the tests. All models as they were at the end, none chosen by its score. Numbers after ±
are half the range over the seeds; rows without it ran once.
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
    lines = [*_vision_lines(rows), *(_line(name, rows) for name in rows.names)]
    write_page(
        path,
        {"SVT and ICDAR 2015": rows.curves(lambda row: row["train"]["curve"])},
        ("processor seconds of stage 3", "accuracy in %"),
        _INTRODUCTION,
        [markdown_table(_header(), lines), "", _READING_AID],
        {
            "What the table says": findings(rows),
            "Where language helped, and where it hurt": examples(rows),
            "The language models alone": languages(rows),
            "Time": _time(rows),
            "Scale": _scale(rows),
        },
    )


def final(row: Row, output: str = "fusion", test: str = "mean") -> float:
    """Accuracy of an output of a row's model; of fusion that of the last round."""
    accuracy = row["train"]["accuracy"]
    if output == "fusion":
        output = max(name for name in accuracy if name.startswith("fusion"))
    return float(accuracy[output][test])


def _header() -> list[str]:
    tests = set_headings(TESTS)
    return ["row", "runs", *tests, "mean", "vision, mean", "language, mean", "CPU s, stage 3"]


def _vision_lines(rows: StudyRows) -> list[list[str]]:
    """Vision alone, and with language but without fusion, for both kinds of stage 1."""
    lines = []
    for kind in ("supervised", "contrastive"):
        stages = {row["seed"]: row["stages"]["vision"] for row in rows if row["vision"] == kind}
        if not stages:
            continue
        count = str(len(stages))
        plain = [mean_and_half_range([s["vision"][t] for s in stages.values()]) for t in _columns()]
        lines.append([f"vision only, {kind}", count, *plain, "", "", ""])
        weight = best_weight(list(stages.values()))
        corrected = [
            mean_and_half_range([s["corrected"][weight][t] for s in stages.values()])
            for t in _columns()
        ]
        title = f"vision + language without fusion, {kind} (weight {weight})"
        lines.append([title, count, *corrected, "", "", ""])
    return lines


def best_weight(stages: Sequence[dict[str, Any]]) -> str:
    """The weight of language with the best mean accuracy over the runs."""
    weights = [str(weight) for weight in CORRECTION_WEIGHTS]
    return max(weights, key=lambda weight: fmean(s["corrected"][weight]["mean"] for s in stages))


def _columns() -> tuple[str, ...]:
    return (*TESTS, "mean")


def _line(name: str, rows: StudyRows) -> list[str]:
    group = rows.group(name)
    cells = [rows.title(name), str(len(group))]
    outputs = [*(("fusion", test) for test in _columns()), ("vision", "mean"), ("language", "mean")]
    for output, test in outputs:
        cells.append(mean_and_half_range([final(row, output, test) for row in group]))
    return [*cells, f"{fmean(row['train']['cpu_seconds'] for row in group):.0f}"]


def findings(rows: StudyRows) -> str:
    """The claims, each with the numbers that bear on it, for better or worse."""
    claims = (
        ("consistency beats supervised fusion", "self", "fusion"),
        ("... also from the same stage 1", "self", "fusion_contrastive"),
        ("SeqCLR in stage 1 helps supervised fusion", "fusion_contrastive", "fusion"),
        ("each its own teacher is better than fusion for all", "self", "taught_by_fusion"),
        ("... than vision for all", "self", "taught_by_vision"),
        ("... than language for all", "self", "taught_by_language"),
        ("... than all for each", "self", "taught_by_all"),
        ("hard labels of all words are better than soft ones of sure words", "self", "soft"),
    )
    lines = []
    for name in rows.names:
        row = rows.group(name)[0]
        gap = 100.0 * (final(row) - final(row, "vision"))
        lines.append(f"- {rows.title(name)}: fusion reads {gap:+.1f} points beyond vision.")
    return "\n".join([*lines, *rows.claims(claims, final), "", RANGE_NOTE])


def examples(rows: StudyRows, most: int = 12) -> str:
    """Words that fusion reads rightly and vision does not, and the reverse, of one row."""
    name = "self" if rows.group("self") else rows.names[0]
    train = rows.group(name)[0]["train"]
    parts = [f"Of *{rows.title(name)}*, seed {rows.group(name)[0]['seed']}."]
    for key, title in (("helped", "Helped"), ("hurt", "Hurt")):
        found = train[key]
        lines = [
            [f"`{truth}`", f"`{one}`", f"`{other}`", test] for test, truth, one, other in found
        ]
        parts.append(f"{title}: {len(found)} words." + (" Some of them:" if found else ""))
        if lines:
            # From all tests, not the first ones only.
            chosen = lines[:: max(1, len(lines) // most)][:most]
            parts.append(markdown_table(["truth", "vision", "fusion", "test"], chosen))
    return "\n\n".join(parts)


def languages(rows: StudyRows) -> str:
    """What the language models make of words that they have never seen."""
    stages = rows.first["stages"]
    lines = []
    for name, (title, _) in LANGUAGES.items():
        scores = {key.partition("/")[2]: value for key, value in stages[name]["metrics"].items()}
        percents = ("character_accuracy", "correction_accuracy", "misspelt_words", "wrong_words")
        cells = {key: f"{100 * scores[key]:.1f}" for key in percents}
        cells["perplexity"] = f"{scores['perplexity']:.2f}"
        order = ("character_accuracy", "perplexity", *percents[1:])
        lines.append([title, *(cells[key] for key in order)])
    header = ["model", "characters", "perplexity", "corrected", "wrong before", "wrong after"]
    count = int(stages["language"]["metrics"]["language/count"])
    return (
        f"{markdown_table(header, lines)}\n{count:,} held-out words, each once. *characters*:"
        " share that is the most probable one given all others, with *perplexity*. At 10 % wrong"
        " characters: *corrected* is the share of them at whose place the right one is the most"
        " probable; *wrong before* and *after* are shares of words, the latter after every"
        " character was changed that the model doubts enough. Iterations are the same for all; a"
        " masked model learns from a seventh of the characters of each."
    )


def _time(rows: StudyRows) -> str:
    times = [row["train"]["milliseconds"] for row in rows]
    mean = {name: fmean(t[name] for t in times) for name in times[0]}
    return (
        f"One word at a time, {rows.first['threads']} thread of {rows.first['machine']}: vision"
        f" {mean['vision']:.1f} ms, with language {mean['vision and language']:.1f} ms in"
        f" {rows.settings['rounds']} rounds, so {mean['per round']:.1f} ms for each."
    )


def _scale(rows: StudyRows) -> str:
    settings, row = rows.settings, rows.first
    stages = {
        (name, r["vision"] if name == "vision" else "", r["seed"] * (name not in LANGUAGES)): s
        for r in rows
        for name, s in r["stages"].items()
    }
    total = sum(s["cpu_seconds"] for s in stages.values())
    total += sum(r["train"]["cpu_seconds"] for r in rows)
    return (
        f"Crops of 32x{settings['width']}; {rows.recognizer}, with a parallel decoder, and a"
        f" language model of two layers of 96 channels. Supervised vision:"
        f" {row['stages']['start']['iterations']} iterations of"
        f" {settings['supervised_batch']} rendered words. Stage 1:"
        f" {row['stages']['vision']['iterations']} of {settings['batch']} crops in two views,"
        f" {settings['labelled']:.0%} of them rendered. Stage 2:"
        f" {row['stages']['language']['iterations']} of {settings['words']} words. Stage 3:"
        f" {row['train']['iterations']} of {settings['batch']} crops, in which fusion begins as"
        " vision (`FusionStartHook`); the supervised rows see the rendered ones of these and no"
        f" others. {row['data']['mined']:,} unlabelled crops."
        f" {rows.cost(total)}"
        " Published (SemiMTR, 4.2 million unlabelled crops, 23 million parameters): 91.2"
        f" supervised on rendered words, 93.3 with real words, mean of six test sets."
    )
