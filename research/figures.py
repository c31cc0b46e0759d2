"""Figures of the pages that tools write."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np


def draw_curves(
    path: Path,
    panels: Mapping[str, Mapping[str, Sequence[tuple[float, float]]]],
    xlabel: str,
    ylabel: str,
) -> None:
    """Lines with markers, a panel for each column of a study, as PNG or SVG by the suffix.

    Args:
        path: The picture.
        panels: Title of each panel, and its lines by name, each of (x, y) points.
        xlabel: Of all panels.
        ylabel: Of all panels.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    names = list(dict.fromkeys(name for lines in panels.values() for name in lines))
    width = 5.0 * len(panels)
    # Inches of a legend's column: the line, and letters of the small font.
    columns = max(1, int(width / (0.6 + 0.08 * max(map(len, names), default=1))))
    height = 4.0 + 0.2 * math.ceil(len(names) / columns)
    figure = pyplot.figure(figsize=(width, height), layout="constrained")
    axes = [figure.add_subplot(1, len(panels), number + 1) for number in range(len(panels))]
    colors = {name: pyplot.get_cmap("tab20")(i % 20) for i, name in enumerate(names)}
    for axis, (title, lines) in zip(axes, panels.items(), strict=True):
        for name, points in lines.items():
            axis.plot(*zip(*points, strict=True), ".-", label=name, color=colors[name], lw=1.2)
        axis.set(title=title, xlabel=xlabel, ylabel=ylabel)
        axis.grid(alpha=0.3)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, fontsize="small")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


@dataclass(frozen=True)
class Example:
    """A picture with its caption.

    Attributes:
        image: (h, w, 3) uint8 BGR.
        caption: One line.
        right: Whether the caption is green or red.
    """

    image: np.ndarray
    caption: str
    right: bool


def draw_examples(path: Path, rows: Mapping[str, Sequence[Example]]) -> None:
    """Examples in rows, each row with its name, as PNG or SVG by the suffix.

    Args:
        path: The picture.
        rows: Examples by the name of their row.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    columns = max(len(examples) for examples in rows.values())
    figure, axes = pyplot.subplots(
        len(rows), columns, squeeze=False, layout="constrained", figsize=(2.2 * columns, len(rows))
    )
    for (name, examples), line in zip(rows.items(), axes, strict=True):
        for axis in line:
            axis.axis("off")
        for axis, example in zip(line, examples, strict=False):
            axis.imshow(example.image[..., ::-1], interpolation="nearest")
            color = "green" if example.right else "red"
            axis.set_title(example.caption, fontsize="x-small", color=color, pad=2)
        line[0].text(
            -0.05,
            0.5,
            name,
            fontsize="x-small",
            ha="right",
            va="center",
            transform=line[0].transAxes,
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90)
    pyplot.close(figure)
