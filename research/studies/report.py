"""The report of all studies: rows by method, claims, and the page with its figure."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from research.figures import draw_curves
from research.studies.rows import Method, read_rows
from spotter.errors import ConfigError

#: The content of a row's file.
Row = dict[str, Any]
#: Lines of a panel by their names, each of (x, y) points.
Curves = dict[str, list[tuple[float, float]]]

RANGE_NOTE = "Differences within the range of the seeds say nothing about the methods."


class StudyRows:
    """The finished rows of a study.

    Args:
        rows: Contents of the rows' files, at least one.
        methods: Of the study, in its order.
    """

    def __init__(self, rows: Sequence[Row], methods: Mapping[str, Method]) -> None:
        self._rows = list(rows)
        self._methods = methods

    @classmethod
    def read(cls, folder: Path, methods: Mapping[str, Method]) -> StudyRows:
        """The rows of a folder.

        Args:
            folder: One JSON file a row.
            methods: Of the study.

        Raises:
            ConfigError: There is no finished row, or a file that is none.
        """
        rows = read_rows(folder)
        if not rows:
            raise ConfigError(f"{folder}: no finished row to report")
        return cls(rows, methods)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    @property
    def first(self) -> Row:
        """Any row: settings, machine and data are the same in all."""
        return self._rows[0]

    @property
    def settings(self) -> dict[str, Any]:
        """Settings that all rows have."""
        return self.first["settings"]

    @property
    def names(self) -> list[str]:
        """Methods that have a row, in the study's order."""
        return [name for name in self._methods if self.group(name)]

    def group(self, name: str) -> list[Row]:
        """The rows of one method, one a seed."""
        return [row for row in self._rows if row["row"] == name]

    def groups(self) -> dict[str, list[Row]]:
        """The rows by method, in the study's order."""
        return {name: self.group(name) for name in self.names}

    def title(self, name: str) -> str:
        """Of a method, as in the table."""
        return self._methods[name].title

    def differences(self, better: str, worse: str, value: Callable[[Row], float]) -> list[float]:
        """Differences between two methods in the runs of the same seed, by seed."""
        first, second = (
            {row["seed"]: value(row) for row in self.group(name)} for name in (better, worse)
        )
        return [first[seed] - second[seed] for seed in sorted(first.keys() & second.keys())]

    def claims(
        self, claims: Sequence[tuple[str, str, str]], value: Callable[[Row], float]
    ) -> list[str]:
        """A line for each claim that has rows, for better or worse.

        Args:
            claims: (claim, name of the better method, name of the worse one).
            value: The score of a row that is compared, a share.
        """
        found = ((text, self.differences(a, b, value)) for text, a, b in claims)
        return [claim_line(text, gaps) for text, gaps in found if gaps]

    def curves(self, points: Callable[[Row], Sequence[tuple[float, float]]]) -> Curves:
        """Lines by method, in percent; of several runs of a method the first is drawn.

        Args:
            points: (x, share) of a row; methods without any have no line.
        """
        found = {self.title(name): points(self.group(name)[0]) for name in self.names}
        return {title: [(x, 100.0 * y) for x, y in line] for title, line in found.items() if line}

    @property
    def recognizer(self) -> str:
        """The recognizer of all rows, for the section on scale."""
        if weights := self.settings.get("weights"):
            return f"the encoder is that of the weights {weights}, trained on drawn words only"
        return "the recognizer is that of `configs/_base_/models/recognizer_small.py`"

    def cost(self, seconds: float) -> str:
        """The sentence about processor time that ends the section on scale.

        Args:
            seconds: Processor time of all trainings together.
        """
        return (
            f"All trainings together took {seconds / 60:.0f} processor minutes"
            f" ({self.first['machine']}, {self.first['threads']} thread)."
        )


def write_page(
    path: Path,
    panels: Mapping[str, Curves],
    axes: tuple[str, str],
    introduction: str,
    results: Sequence[str],
    sections: Mapping[str, str],
) -> None:
    """Write the page of a study and, next to it, its figure.

    Args:
        path: The Markdown file; the figure has its name with ``.png``.
        panels: Of the figure, see :func:`research.figures.draw_curves`; none: there is no figure.
        axes: Names of the figure's axes, x first.
        introduction: Heading and text before the results.
        results: The table of the results and how to read it.
        sections: Text by heading, after the figure.
    """
    parts = [introduction, "## Results\n", *results]
    if panels:
        figure = path.with_suffix(".png")
        draw_curves(figure, panels, *axes)
        parts.append(f"![{axes[1]} by {axes[0]}]({figure.name})\n")
    for heading, text in sections.items():
        parts += [f"## {heading}\n", text, ""]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(parts), encoding="utf-8")


def mean_and_half_range(values: Sequence[float], percent: bool = True) -> str:
    """``mean`` or ``mean ± half the range`` over the runs of a row.

    Args:
        values: At least one.
        percent: Whether the values are shares, to be shown in percent.
    """
    factor = 100.0 if percent else 1.0
    mean = f"{factor * statistics.fmean(values):.1f}"
    if len(values) == 1:
        return mean
    return f"{mean} ± {factor * (max(values) - min(values)) / 2:.1f}"


def set_headings(tests: Sequence[str]) -> list[str]:
    """Column headings of test sets by their short names."""
    return [name.upper().replace("ICDAR", "ICDAR ") for name in tests]


def claim_line(claim: str, gaps: Sequence[float]) -> str:
    """The runs' verdict on a claim, as a line of a list.

    Args:
        claim: That something is better.
        gaps: By how much it was, by seed, as shares; one alone decides nothing.
    """
    verdict = "yes" if min(gaps) > 0 else "no" if max(gaps) < 0 else "not decided"
    if len(gaps) == 1:
        verdict = "one run each"
    shown = ", ".join(f"{100 * gap:+.1f}" for gap in gaps)
    return f"- {claim}: **{verdict}** ({shown} points, by seed)."
