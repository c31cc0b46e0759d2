"""The log of training sessions: one JSON line a session, and the table written from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from research.release.settings import SessionReport


def log_folder(docs: Path) -> Path:
    """Folder of the logs of a checkout.

    Args:
        docs: Folder ``docs`` of the checkout.
    """
    return docs.parent / "research" / "releases"


def read_sessions(folder: Path, name: str) -> list[dict[str, Any]]:
    """Lines of a model's log, see :class:`SessionReport`; none if there is no log.

    Args:
        folder: Of the logs.
        name: Of the model.
    """
    log = folder / f"{name}.jsonl"
    if not log.is_file():
        return []
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


def append_log(folder: Path, report: SessionReport) -> None:
    """Add a session to the log of its model and write the table anew.

    Args:
        folder: Of the logs; made if missing.
        report: Of the session.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{report.model}.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(report.to_dict()) + "\n")
    write_table(folder, report.model)


def write_table(folder: Path, name: str) -> Path:
    """Write ``<folder>/<name>.md`` from the log.

    Args:
        folder: Of the logs.
        name: Of the model.

    Returns:
        The page.
    """
    table = [
        f"# Training sessions of {name}",
        "",
        "Printed by `tools/release.py`; scores are on validation, see the model card.",
        "*In the preset*: with the other model, language and test-time augmentation of the default",
        "preset, and in brackets the same with the weights shipped before.",
        "",
        "| date | minutes | iterations | samples | machine | from | score | in the preset |"
        " shipped | note |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    table += [
        f"| {s['date']} | {s['minutes']:g} | {s['iterations']} | {s['samples']} | {s['machine']} |"
        f" {s['started_from']} | {s['score']:.4f} | {_in_preset(s)} |"
        f" {'yes' if s['shipped'] else 'no'} | {s['note']} |"
        for s in read_sessions(folder, name)
    ]
    path = folder / f"{name}.md"
    path.write_text("\n".join(table) + "\n", encoding="utf-8")
    return path


def _in_preset(session: Mapping[str, Any]) -> str:
    """Scores in the preset, as in the table; sessions without a release gate have none."""
    before = session.get("shipped_preset") or {}
    return ", ".join(
        f"{name} {value:.3f} ({before[name]:.3f})"
        for name, value in (session.get("preset") or {}).items()
    )
