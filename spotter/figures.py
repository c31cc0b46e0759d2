"""Figures of the pages that tools write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path


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
        ylabel: Likewise.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure = pyplot.figure(figsize=(5.0 * len(panels), 4.2), layout="constrained")
    axes = [figure.add_subplot(1, len(panels), number + 1) for number in range(len(panels))]
    names = list(dict.fromkeys(name for lines in panels.values() for name in lines))
    colors = {name: pyplot.get_cmap("tab20")(i % 20) for i, name in enumerate(names)}
    for axis, (title, lines) in zip(axes, panels.items(), strict=True):
        for name, points in lines.items():
            axis.plot(*zip(*points, strict=True), ".-", label=name, color=colors[name], lw=1.2)
        axis.set(title=title, xlabel=xlabel, ylabel=ylabel)
        axis.grid(alpha=0.3)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize="small")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
