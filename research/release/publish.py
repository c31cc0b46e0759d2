"""Ship weights that got better: zoo files, model card, and the log of all pieces."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from research.release.cards import write_card
from research.release.judge import Judgement, judge
from research.release.piece import PieceReport
from spotter.errors import SpotterError
from spotter.export.onnx import export_onnx
from spotter.training.weights import read_header


def shipped_score(zoo: Path, name: str, metric: str = "") -> float:
    """Validation score of the shipped weights; minus infinity when there are none.

    Args:
        zoo: Folder of the shipped weights.
        name: Of the weights.
        metric: Which score is wanted. Weights that were validated by another one cannot be
            compared, and have an infinite score: they stay.
    """
    path = zoo / f"{name}.safetensors"
    if not path.is_file():
        return float("-inf")
    card = read_header(path)["card"]
    if card.get("metric", "") != metric:
        return float("inf")
    return float(card.get("score", float("-inf")))


def publish(
    candidate: Path,
    report: PieceReport,
    zoo: Path,
    docs: Path,
    data: Path | None = None,
    threads: int | None = None,
) -> bool:
    """Ship ``candidate`` unless the shipped weights score as high, and log the piece.

    What counts is the score in the default pair (:mod:`research.release.judge`); without ``data``,
    or without a pair yet, the model's own.

    Writes ``<zoo>/<name>.safetensors``, ``<zoo>/<name>.onnx``, ``<docs>/models/<name>.md`` and, in
    any case, ``<docs>/releases/<name>.jsonl`` and ``.md``.

    Args:
        candidate: Weights of the piece.
        report: Its report; ``shipped`` is set.
        zoo: Folder of the shipped weights.
        docs: Folder of the documentation.
        data: Root of the data sets of the suite that the pair is judged on.
        threads: Threads per operator of the pair; ``None``: all cores of this process.

    Returns:
        Whether the weights were shipped.
    """
    # Exported before anything is replaced: a failing export must leave the old pair whole.
    exported = candidate.with_suffix(".onnx")
    export_onnx(candidate, exported)
    judgement = None if data is None else _judge(candidate, report, zoo, data, threads)
    if judgement is None:
        before = shipped_score(zoo, report.model, report.metric)
        if before == float("inf"):
            print(f"the shipped weights have no {report.metric} to compare with: they stay")
        report.shipped = report.score > before
    else:
        report.pair, report.shipped_pair = judgement.candidate, judgement.shipped
        report.shipped = judgement.better
    if report.shipped:
        zoo.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(candidate, zoo / f"{report.model}.safetensors")
        shutil.move(exported, zoo / f"{report.model}.onnx")
    append_log(docs / "releases", report)
    if report.shipped:
        write_card(report.model, zoo, docs)
    return report.shipped


def _judge(
    candidate: Path, report: PieceReport, zoo: Path, data: Path, threads: int | None
) -> Judgement | None:
    kind = "detector" if read_header(candidate)["task"] == "detection" else "recognizer"
    try:
        judgement = judge(kind, _rival(report, zoo), candidate, zoo, data, threads)
    except SpotterError as error:
        # Hours of training are not thrown away for want of the suite.
        print(f"not judged in the pair, but by its own score: {error}")
        return None
    if judgement is not None:
        print(judgement)
    return judgement


def _rival(report: PieceReport, zoo: Path) -> str:
    """The shipped model that a candidate has to beat: its own, or the one it grew out of."""
    first = report.grown_from and not (zoo / f"{report.model}.onnx").is_file()
    return report.grown_from if first else report.model


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
        "*In the pair*: with the other model, language and second look of the default pair, and in",
        "brackets that of the weights shipped before.",
        "",
        "| date | minutes | iterations | samples | machine | from | score | in the pair | shipped |"
        " note |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    table += [
        f"| {p['date']} | {p['minutes']:g} | {p['iterations']} | {p['samples']} | {p['machine']} |"
        f" {p['started_from']} | {p['score']:.4f} | {_in_pair(p)} |"
        f" {'yes' if p['shipped'] else 'no'} | {p['note']} |"
        for p in pieces
    ]
    (folder / f"{report.model}.md").write_text("\n".join(table) + "\n", encoding="utf-8")


def _in_pair(piece: Mapping[str, Any]) -> str:
    """Scores in the pair, as in the table; earlier pieces have none."""
    before = piece.get("shipped_pair") or {}
    return ", ".join(
        f"{name} {value:.3f} ({before[name]:.3f})"
        for name, value in (piece.get("pair") or {}).items()
    )
