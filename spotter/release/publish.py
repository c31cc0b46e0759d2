"""Ship weights that got better: zoo files, model card, and the log of all pieces."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from spotter.engine.weights import read_header
from spotter.inference.export import export_onnx
from spotter.release.cards import write_card
from spotter.release.piece import PieceReport


def shipped_score(zoo: Path, name: str) -> float:
    """Validation score of the shipped weights; minus infinity when there are none."""
    path = zoo / f"{name}.safetensors"
    if not path.is_file():
        return float("-inf")
    return float(read_header(path)["card"].get("score", float("-inf")))


def publish(candidate: Path, report: PieceReport, zoo: Path, docs: Path) -> bool:
    """Ship ``candidate`` unless the shipped weights score higher, and log the piece.

    Writes ``<zoo>/<name>.safetensors``, ``<zoo>/<name>.onnx``, ``<docs>/models/<name>.md`` and, in
    any case, ``<docs>/releases/<name>.jsonl`` and ``.md``.

    Args:
        candidate: Weights of the piece.
        report: Its report; ``shipped`` is set.
        zoo: Folder of the shipped weights.
        docs: Folder of the documentation.

    Returns:
        Whether the weights were shipped.
    """
    report.shipped = report.score > shipped_score(zoo, report.model)
    if report.shipped:
        zoo.mkdir(parents=True, exist_ok=True)
        # Exported before anything is replaced: a failing export must leave the old pair whole.
        exported = candidate.with_suffix(".onnx")
        export_onnx(candidate, exported)
        shutil.copyfile(candidate, zoo / f"{report.model}.safetensors")
        shutil.move(exported, zoo / f"{report.model}.onnx")
    append_log(docs / "releases", report)
    if report.shipped:
        write_card(report.model, zoo, docs)
    return report.shipped


def append_log(folder: Path, report: PieceReport) -> None:
    """Add a piece to the log of its model and write the table anew."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = folder / f"{report.model}.jsonl"
    with lines.open("a", encoding="utf-8") as file:
        file.write(json.dumps(report.to_dict()) + "\n")
    pieces = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    table = [
        f"# Training of {report.model}, piece by piece",
        "",
        "Printed by `tools/release.py`; scores are on validation, see the model card.",
        "",
        "| date | minutes | iterations | samples | machine | from | score | shipped | note |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    table += [
        f"| {p['date']} | {p['minutes']:g} | {p['iterations']} | {p['samples']} | {p['machine']} |"
        f" {p['started_from']} | {p['score']:.4f} | {'yes' if p['shipped'] else 'no'} |"
        f" {p['note']} |"
        for p in pieces
    ]
    (folder / f"{report.model}.md").write_text("\n".join(table) + "\n", encoding="utf-8")
