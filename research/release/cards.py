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
    parser.add_argument("--zoo", type=Path, default=package / "hub" / "weights")
    parser.add_argument("--docs", type=Path, default=package.parent / "docs")
    options = parser.parse_args(arguments)
    for name in options.names:
        print(write_card(name, options.zoo, options.docs))


def write_card(name: str, zoo: Path, docs: Path) -> Path:
    """Write ``<docs>/models/<name>.md`` anew.

    What the header says comes first, then the hours by ``<docs>/releases/<name>.jsonl``, the
    scores, and links to those pages about the model that there are.

    Args:
        name: Of the weights.
        zoo: Folder of ``<name>.safetensors``.
        docs: Folder of the documentation.

    Returns:
        The page.

    Raises:
        WeightsError: There are no such weights.
    """
    weights = zoo / f"{name}.safetensors"
    if not weights.is_file():
        raise WeightsError(f"{weights}: no such weights file")
    header = read_header(weights)
    card = header["card"]
    pieces = read_pieces(docs, name)
    rows = [f"# {name}", ""]
    rows += [f"A model for {header['task']}: {_architecture(header)}, {_size(weights)}."]
    rows += ["", *(f"- **{key}**: {card[key]}" for key in _ABOUT if key in card)]
    rows += [f"- **training**: {line}" for line in _training(pieces, name)]
    grown_from = next((p["grown_from"] for p in pieces if p.get("grown_from")), "")
    if grown_from:
        rows += [f"- **grown out of**: {grown_from}, whose hours come before"]
    rows += ["", "## Scores", "", f"{card['protocol']}; printed by `{card['command']}`."]
    rows += ["", markdown_table(["validation", "value"], _scores(card["metrics"])).rstrip()]
    curve = curve_section(pieces, _curve_metric(header, pieces))
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


def _curve_metric(header: dict[str, Any], pieces: Sequence[dict[str, Any]]) -> str:
    """What the scores of the learning curve are, in words."""
    if not header["charset"]:
        return "hmean"
    metric = pieces[-1].get("metric", "") if pieces else ""
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


def read_pieces(docs: Path, name: str) -> list[dict[str, Any]]:
    """Lines of a model's log; none if there is no log."""
    log = docs / "releases" / f"{name}.jsonl"
    if not log.is_file():
        return []
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


def _training(pieces: Sequence[dict[str, Any]], name: str) -> list[str]:
    """Hours and samples up to the piece whose weights are shipped."""
    shipped = max((i for i, piece in enumerate(pieces) if piece["shipped"]), default=-1)
    pieces = pieces[: shipped + 1]
    if not pieces:
        return []
    hours = sum(piece["minutes"] for piece in pieces) / 60
    samples = sum(piece["samples"] for piece in pieces)
    trained = sum(piece["minutes"] > 0 for piece in pieces)  # an average has a line, too
    machines = ", ".join(dict.fromkeys(piece["machine"] for piece in pieces))
    return [
        f"{hours:.1f} hours in {trained} pieces, {samples:,} samples, on {machines}, until"
        f" {pieces[-1]['date']} ([log](../releases/{name}.md))"
    ]


def _scores(metrics: dict[str, float]) -> list[list[str]]:
    return [
        [key.partition("/")[2], f"{value:.0f}" if value == int(value) > 1 else f"{value:.4f}"]
        for key, value in metrics.items()
    ]


def _pages(docs: Path, name: str) -> list[str]:
    known = {
        f"models/{name}_sizes.md": "Input size against speed, and false detections",
        f"models/{name}_weaknesses.md": "Known weaknesses: where it gives out, with pictures",
        "benchmarks.md": "Benchmarks beside RapidOCR, with the time per photo",
        "releases/findings.md": "What helped and what did not",
    }
    links = {"models": "", "": "../", "releases": "../releases/"}
    return [
        f"- [{title}]({links[page.rpartition('/')[0]]}{Path(page).name})"
        for page, title in known.items()
        if (docs / page).is_file()
    ]
