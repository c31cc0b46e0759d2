"""The page of the study of vision and language: table, examples, and what was measured how."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from research.figures import draw_curves
from research.studies.common import claim_line, mean_and_spread, read_rows
from research.studies.multimodal import CORRECTION_WEIGHTS, LANGUAGES, METHODS
from research.studies.semi_supervised_data import TESTS
from spotter.errors import ConfigError
from spotter.evaluation.report import markdown_table

Row = dict[str, Any]

_INTRODUCTION = """# Vision and language

`tools/study.py multimodal` made this page. Stage 1 trains a small vision model with a parallel
decoder on rendered words, with (*contrastive*) or without (*supervised*) SeqCLR on rendered and
real crops. Stage 2 trains a cloze language model on the words of public-domain books. Stage 3 puts
them together by a gate and goes on training: on labels alone, or also towards agreement of a weak
and a strong view of real words without labels, each modality taught as the row says (SemiMTR,
Aberdam et al. 2022). The unlabelled words and the tests are those of the semi-supervised study.
Test: the 647 words of SVT, the held-out ICDAR2015 words 3961 to 4468, and the 2,000 training words
of IIIT5K, which nothing here was trained on. Accuracy with 36 characters, case folded; *mean* is
that of the three.
"""

_READING_AID = """*vision*, *language* and *fusion* are the three outputs of one model: what it
sees, what its language model makes of the last round's reading, and both together after the last
round. Vision + language without fusion adds the log-probabilities of the two models as stages 1 and
2 left them, with the weight that does best on the mean, and so shows more than could be had without
looking at the tests. All models as they were at the end, none chosen by its score. Numbers after ±
are half the range over the seeds; rows without it ran once.
"""


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
    draw_curves(figure, _curves(rows), "processor seconds of stage 3", "accuracy in %")
    sections = [
        _INTRODUCTION,
        "## Results\n",
        markdown_table(_header(), [*_vision_lines(rows), *(_line(n, rows) for n in _names(rows))]),
        "",
        _READING_AID,
        f"![accuracy against training time]({figure.name})\n",
        "## What the table says\n",
        findings(rows),
        "",
        "## Where language helped, and where it hurt\n",
        examples(rows),
        "",
        "## The language models alone\n",
        languages(rows),
        "",
        "## Time\n",
        _time(rows),
        "",
        "## Scale\n",
        _scale(rows),
        "",
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(sections), encoding="utf-8")


def _names(rows: Sequence[Row]) -> list[str]:
    return [name for name in METHODS if any(row["row"] == name for row in rows)]


def _group(name: str, rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row["row"] == name]


def final(row: Row, output: str = "fusion", test: str = "mean") -> float:
    """Accuracy of an output of a row's model; of fusion that of the last round."""
    accuracy = row["train"]["accuracy"]
    if output == "fusion":
        output = max(name for name in accuracy if name.startswith("fusion"))
    return float(accuracy[output][test])


def _header() -> list[str]:
    tests = [name.upper().replace("ICDAR", "ICDAR ") for name in TESTS]
    return ["row", "runs", *tests, "mean", "vision, mean", "language, mean", "CPU s, stage 3"]


def _vision_lines(rows: Sequence[Row]) -> list[list[str]]:
    """Vision alone, and with language but without fusion, for both kinds of stage 1."""
    lines = []
    for kind in ("supervised", "contrastive"):
        stages = {row["seed"]: row["stages"]["vision"] for row in rows if row["vision"] == kind}
        if not stages:
            continue
        count = str(len(stages))
        plain = [mean_and_spread([s["vision"][t] for s in stages.values()]) for t in _columns()]
        lines.append([f"vision only, {kind}", count, *plain, "", "", ""])
        weight = best_weight(list(stages.values()))
        corrected = [
            mean_and_spread([s["corrected"][weight][t] for s in stages.values()])
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


def _line(name: str, rows: Sequence[Row]) -> list[str]:
    group = _group(name, rows)
    cells = [METHODS[name].title, str(len(group))]
    cells += [mean_and_spread([final(row, "fusion", test) for row in group]) for test in _columns()]
    cells += [
        mean_and_spread([final(row, output) for row in group]) for output in ("vision", "language")
    ]
    return [*cells, f"{fmean(row['train']['cpu_seconds'] for row in group):.0f}"]


def _curves(rows: Sequence[Row]) -> dict[str, dict[str, list[tuple[float, float]]]]:
    lines = {}
    for name in _names(rows):
        curve = _group(name, rows)[0]["train"]["curve"]
        if curve:
            lines[METHODS[name].title] = [(x, 100.0 * y) for x, y in curve]
    return {"SVT and ICDAR 2015": lines}


def findings(rows: Sequence[Row]) -> str:
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
    for row in (row for name in _names(rows) for row in _group(name, rows)[:1]):
        gap = 100.0 * (final(row) - final(row, "vision"))
        lines.append(
            f"- {METHODS[row['row']].title}: fusion reads {gap:+.1f} points beyond vision."
        )
    for claim, better, worse in claims:
        first, second = (
            {row["seed"]: final(row) for row in _group(name, rows)} for name in (better, worse)
        )
        pairs = [first[seed] - second[seed] for seed in sorted(first.keys() & second.keys())]
        if pairs:
            lines.append(claim_line(claim, pairs))
    lines += ["", "Differences of about the spread of the seeds say nothing about the methods."]
    return "\n".join(lines)


def examples(rows: Sequence[Row], most: int = 12) -> str:
    """Words that fusion reads rightly and vision does not, and the reverse, of one row."""
    name = "self" if _group("self", rows) else _names(rows)[0]
    train = _group(name, rows)[0]["train"]
    parts = [f"Of *{METHODS[name].title}*, seed {_group(name, rows)[0]['seed']}."]
    for key, title in (("helped", "Helped"), ("hurt", "Hurt")):
        found = train[key]
        lines = [
            [f"`{truth}`", f"`{one}`", f"`{other}`", test] for test, truth, one, other in found
        ]
        parts.append(f"{title}: {len(found)} words." + (" Some of them:" if found else ""))
        if lines:
            # Spread over the tests, not the first ones only.
            chosen = lines[:: max(1, len(lines) // most)][:most]
            parts.append(markdown_table(["truth", "vision", "fusion", "test"], chosen))
    return "\n\n".join(parts)


def languages(rows: Sequence[Row]) -> str:
    """What the language models make of words that they have never seen."""
    stages = rows[0]["stages"]
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


def _time(rows: Sequence[Row]) -> str:
    times = [row["train"]["milliseconds"] for row in rows]
    mean = {name: fmean(t[name] for t in times) for name in times[0]}
    return (
        f"One word at a time, {rows[0]['threads']} thread of {rows[0]['machine']}: vision"
        f" {mean['vision']:.1f} ms, with language {mean['vision and language']:.1f} ms in"
        f" {rows[0]['settings']['rounds']} rounds, so {mean['per round']:.1f} ms for each."
    )


def _scale(rows: Sequence[Row]) -> str:
    settings, row = rows[0]["settings"], rows[0]
    stages = {
        (name, r["vision"] if name == "vision" else "", r["seed"] * (name not in LANGUAGES)): s
        for r in rows
        for name, s in r["stages"].items()
    }
    total = sum(s["cpu_seconds"] for s in stages.values())
    total += sum(r["train"]["cpu_seconds"] for r in rows)
    return (
        f"Crops of 32x{settings['width']}; the recognizer of"
        f" `configs/_base_/models/recognizer_small.py` with a parallel decoder, and a language"
        f" model of two layers of 96 channels. Start: {row['stages']['start']['iterations']}"
        f" iterations of {settings['start_batch']} rendered words. Stage 1:"
        f" {row['stages']['vision']['iterations']} of {settings['batch']} crops in two views,"
        f" {settings['labelled']:.0%} of them rendered. Stage 2:"
        f" {row['stages']['language']['iterations']} of {settings['words']} words. Stage 3:"
        f" {row['train']['iterations']} of {settings['batch']} crops, in which fusion begins as"
        " vision (`FusionStartHook`); the supervised rows see the rendered ones of these and no"
        f" others. {row['data']['harvested']:,} unlabelled crops. All"
        f" trainings together took {total / 60:.0f} processor minutes ({row['machine']},"
        f" {row['threads']} thread). Absolute accuracies are therefore low; the comparison is what"
        f" counts. Published (SemiMTR, 4.2 million unlabelled crops, 23 million parameters): 91.2"
        f" supervised on rendered words, 93.3 with real words, mean of six test sets."
    )
