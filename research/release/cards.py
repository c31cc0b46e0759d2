"""Model cards: what a user should know of shipped weights, from their header and training log."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from safetensors import safe_open

import spotter
from research.release.curve import curve_section
from research.release.log import log_folder, read_sessions
from spotter.errors import WeightsError
from spotter.evaluation.report import markdown_table
from spotter.training.weights import read_header

_ABOUT = ("data", "schedule", "averaged", "licence")


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of ``tools/model_card.py``."""
    package = Path(spotter.__file__).parent
    parser = argparse.ArgumentParser(
        prog="model_card.py", description="Write the cards of shipped models anew."
    )
    parser.add_argument("names", nargs="+", help="shipped weights")
    parser.add_argument("--weights-folder", type=Path, default=package / "hub" / "weights")
    parser.add_argument("--docs", type=Path, default=package.parent / "docs")
    options = parser.parse_args(arguments)
    for name in options.names:
        print(write_card(name, options.weights_folder, options.docs))


def write_card(name: str, weights_folder: Path, docs: Path) -> Path:
    """Write ``<docs>/models/<name>.md`` anew.

    The content of the header comes first, then the hours of training by the log
    (:func:`log_folder`), the scores, and links to the pages about the model that exist.

    Args:
        name: Of the weights.
        weights_folder: Folder of ``<name>.safetensors``.
        docs: Folder ``docs`` of the checkout.

    Returns:
        The page.

    Raises:
        WeightsError: There are no such weights.
    """
    weights = weights_folder / f"{name}.safetensors"
    if not weights.is_file():
        raise WeightsError(f"{weights}: no such weights file")
    header = read_header(weights)
    card = header["card"]
    sessions = read_sessions(log_folder(docs), name)
    rows = [f"# {name}", ""]
    rows += [f"A model for {header['task']}: {_architecture(header)}, {_size(weights)}."]
    rows += ["", *(f"- **{key}**: {card[key]}" for key in _ABOUT if key in card)]
    rows += [f"- **training**: {line}" for line in _training(sessions, name)]
    init_from = next((p["init_from"] for p in sessions if p.get("init_from")), "")
    if init_from:
        known = (docs / "models" / f"{init_from}.md").is_file()
        start = f"[{init_from}]({init_from}.md)" if known else f"`{init_from}`"
        rows += [f"- **initialised from**: {start}, whose hours of training are not counted here"]
    rows += ["", "## Scores", "", f"{card['protocol']}; printed by `{card['command']}`."]
    rows += ["", markdown_table(["validation", "value"], _scores(card["metrics"])).rstrip()]
    curve = curve_section(sessions, _curve_metric(header, sessions))
    if curve:
        rows += ["", "## Learning curve", "", curve.rstrip()]
    pages = _pages(docs, name)
    if pages:
        rows += ["", "## More", "", *pages]
    rows += ["", "## Input", "", f"Preprocessing: `{json.dumps(header['preprocessing'])}`"]
    if header["postprocessing"]:
        rows += ["", f"Postprocessing: `{json.dumps(header['postprocessing'])}`"]
    path = docs / "models" / f"{name}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def _curve_metric(header: dict[str, Any], sessions: Sequence[dict[str, Any]]) -> str:
    """What the scores of the learning curve are, in words."""
    if not header["charset"]:
        return "hmean"
    metric = sessions[-1].get("metric", "") if sessions else ""
    parts = ("exact" if "exact" in metric else "", "mean of the sets" if "/mean/" in metric else "")
    return ", ".join(filter(None, ("word accuracy", *parts)))


def _architecture(header: dict[str, Any]) -> str:
    """Types of a config's parts, outermost first."""
    config = header["config"]
    parts = [part["type"] for part in config.values() if isinstance(part, dict) and "type" in part]
    plain = ("NoTransformation", "NoSequence", "DBPostprocessor", "DetDataPreprocessor")
    parts = [part for part in parts if part not in plain and "Preprocessor" not in part]
    return f"{config['type']} ({', '.join(parts)})" if parts else str(config["type"])


def _size(weights: Path) -> str:
    with safe_open(weights, framework="numpy") as file:
        shapes = [file.get_slice(key).get_shape() for key in file.keys()]  # noqa: SIM118
    count = sum(math.prod(shape) for shape in shapes) / 1e6
    return f"{count:.1f} million parameters, {weights.stat().st_size / 1e6:.1f} MB"


def _training(sessions: Sequence[dict[str, Any]], name: str) -> list[str]:
    """Hours and samples up to the session whose weights are shipped."""
    shipped = max((i for i, session in enumerate(sessions) if session["shipped"]), default=-1)
    sessions = sessions[: shipped + 1]
    if not sessions:
        return []
    hours = sum(session["minutes"] for session in sessions) / 60
    samples = sum(session["samples"] for session in sessions)
    trained = sum(session["minutes"] > 0 for session in sessions)  # an average has a line, too
    machines = ", ".join(dict.fromkeys(session["machine"] for session in sessions))
    return [
        f"{hours:.1f} hours in {trained} sessions, {samples:,} samples, on {machines}, until"
        f" {sessions[-1]['date']} (log: `research/releases/{name}.md`)"
    ]


def _scores(metrics: dict[str, float]) -> list[list[str]]:
    return [
        [key.partition("/")[2], f"{value:.0f}" if value == int(value) > 1 else f"{value:.4f}"]
        for key, value in metrics.items()
    ]


def _pages(docs: Path, name: str) -> list[str]:
    known = {
        f"models/{name}_sizes.md": "Input size against speed, and false detections",
        f"models/{name}_robustness.md": "Robustness: accuracy on words that get harder to read",
        "benchmarks.md": "Benchmarks with RapidOCR as baseline, with the time per photo",
    }
    links = {"models": "", "": "../"}
    return [
        f"- [{title}]({links[page.rpartition('/')[0]]}{Path(page).name})"
        for page, title in known.items()
        if (docs / page).is_file()
    ]
