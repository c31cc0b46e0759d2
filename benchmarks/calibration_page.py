"""The model card of a preset: calibration of its scores, and the effect of ``min_score``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.answers import BINS, Answers
from research.figures import draw_curves
from spotter.decoding.calibration import ScoreCalibration
from spotter.evaluation.report import markdown_table


def write_page(
    path: Path,
    model: str,
    suite: str,
    rows: Sequence[tuple[Answers, np.ndarray]],
    calibrations: Mapping[str, ScoreCalibration],
    sweep: Sequence[Sequence[str]],
) -> None:
    """Write the model card of a preset, and a reliability diagram next to it.

    Args:
        path: Markdown file.
        model: Name of the preset.
        suite: What it was fitted on.
        rows: Answers, and their calibrated scores.
        calibrations: By part.
        sweep: Cells of ``min_score``, precision, recall and hmean.
    """
    figure = path.with_name(f"{path.stem}_reliability.png")
    _draw_reliability(figure, rows)
    headings = [
        "right means",
        "answers",
        "calibration error, %: as given",
        "calibrated",
        "Brier: as given",
        "calibrated",
    ]
    settings = "; ".join(
        f"{part}: temperature {c.temperature:.3f}, bias {c.bias:+.3f}"
        for part, c in calibrations.items()
    )
    text = f"""# Preset {model}

Made by `tools/calibrate.py {model} --data data`, on the suite `{suite}`; do not edit.

Scores of this preset are estimates of a probability: a word of score 0.7 should be there and be
read right in seven of ten cases. Scores of the networks are mapped by sigmoid(logit / temperature +
bias), fitted on the suite. {settings}.

{markdown_table(headings, _error_rows(rows))}
The calibration error is the mean gap between score and share of right answers in {BINS} groups of
one size. Calibrated scores in all rows and pictures but the last are held out: those of one half of
the photos or words come from a fit on the other half. The preset ships the fit on all, which the
last row and picture have.

![share of right answers by score]({figure.name})

What `min_score` does, end to end without lexicon on the photos of the suite, with the calibration
that ships:

{markdown_table(["min_score", "precision", "recall", "hmean"], sweep, left=0)}"""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _draw_reliability(figure: Path, rows: Sequence[tuple[Answers, np.ndarray]]) -> None:
    """A picture of the share of right answers by score, a panel for each kind of answer."""
    panels = {}
    for answers, scores in rows:
        lines = {"as it should be": [(0.0, 0.0), (100.0, 100.0)]}
        for name, values in (("as given", answers.scores), ("calibrated", scores)):
            bins = answers.measure(values).bins
            lines[name] = [(100 * b.confidence, 100 * b.accuracy) for b in bins if b.count]
        panels[answers.title] = lines
    draw_curves(figure, panels, "mean score, %", "right, %")


def _error_rows(rows: Sequence[tuple[Answers, np.ndarray]]) -> list[list[str]]:
    """Calibration errors and Brier scores, before and after, of each kind of answer."""
    table = []
    for answers, scores in rows:
        before, after = answers.measure(answers.scores), answers.measure(scores)
        table.append(
            [
                answers.title,
                str(len(scores)),
                *(f"{100 * c.expected_error:.1f}" for c in (before, after)),
                *(f"{c.brier:.3f}" for c in (before, after)),
            ]
        )
    return table
