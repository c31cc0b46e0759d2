"""Ship weights that score higher: weights files, model card, and the log of all sessions."""

from __future__ import annotations

import shutil
from pathlib import Path

from research.release.cards import write_card
from research.release.gate import GateResult, run_release_gate
from research.release.log import append_log, log_folder
from research.release.settings import SessionReport
from spotter.errors import SpotterError
from spotter.export.onnx import export_onnx
from spotter.training.weights import read_header


def shipped_score(weights_folder: Path, name: str, metric: str = "") -> float:
    """Validation score of the shipped weights; minus infinity when there are none.

    Args:
        weights_folder: Folder of the shipped weights.
        name: Of the weights.
        metric: Which score is wanted. Weights that were validated by another one cannot be
            compared, and have an infinite score: they stay.
    """
    path = weights_folder / f"{name}.safetensors"
    if not path.is_file():
        return float("-inf")
    card = read_header(path)["card"]
    if card.get("metric", "") != metric:
        return float("inf")
    return float(card.get("score", float("-inf")))


def publish(
    candidate: Path,
    report: SessionReport,
    weights_folder: Path,
    docs: Path,
    data: Path | None = None,
    threads: int | None = None,
) -> bool:
    """Ship ``candidate`` unless the shipped weights score as high, and log the session.

    What counts is the score in the default preset (:mod:`research.release.gate`); without ``data``,
    or without a preset yet, the model's own.

    Writes ``<weights_folder>/<name>.safetensors``, ``<weights_folder>/<name>.onnx``,
    ``<docs>/models/<name>.md`` and, in any case, ``<name>.jsonl`` and ``<name>.md`` in
    :func:`log_folder` of ``docs``.

    Args:
        candidate: Weights of the session.
        report: Its report; ``shipped`` is set.
        weights_folder: Folder of the shipped weights.
        docs: Folder ``docs`` of the checkout.
        data: Root of the data sets of the suite of the release gate.
        threads: Threads per operator of the preset; ``None``: all cores of this process.

    Returns:
        Whether the weights were shipped.
    """
    # Exported before anything is replaced: a failing export must leave the old preset whole.
    exported = candidate.with_suffix(".onnx")
    export_onnx(candidate, exported)
    result = None if data is None else _gate(candidate, report, weights_folder, data, threads)
    if result is None:
        before = shipped_score(weights_folder, report.model, report.metric)
        if before == float("inf"):
            print(f"the shipped weights have no {report.metric} to compare with: they stay")
        report.shipped = report.score > before
    else:
        report.preset, report.shipped_preset = result.candidate, result.shipped
        report.shipped = result.better
    if report.shipped:
        weights_folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(candidate, weights_folder / f"{report.model}.safetensors")
        shutil.move(exported, weights_folder / f"{report.model}.onnx")
    append_log(log_folder(docs), report)
    if report.shipped:
        write_card(report.model, weights_folder, docs)
    return report.shipped


def _gate(
    candidate: Path, report: SessionReport, weights_folder: Path, data: Path, threads: int | None
) -> GateResult | None:
    kind = "detector" if read_header(candidate)["task"] == "detection" else "recognizer"
    try:
        result = run_release_gate(
            kind, _incumbent(report, weights_folder), candidate, weights_folder, data, threads
        )
    except SpotterError as error:
        # Hours of training are not thrown away for want of the suite.
        print(f"release gate not run, own score compared instead: {error}")
        return None
    if result is not None:
        print(result)
    return result


def _incumbent(report: SessionReport, weights_folder: Path) -> str:
    """The shipped model to beat: the candidate's own, or the one it was initialised from."""
    first = report.init_from and not (weights_folder / f"{report.model}.onnx").is_file()
    return report.init_from if first else report.model
