"""Many images to a file of JSON lines: with a progress bar, to be interrupted and gone on with."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from spotter.io.jsonl import JsonLines

Source = TypeVar("Source", bound=Path | str)
Answer = Callable[[Sequence[str], Sequence[Source]], Sequence[dict[str, Any]]]


def process_in_bulk(
    images: Mapping[str, Source],
    answer: Answer[Source],
    out: str | Path,
    label: str,
    chunk: int = 16,
    console: Console | None = None,
) -> tuple[int, int]:
    """Answer all images that have no line yet, in order.

    Args:
        images: Name of the line to path or address.
        answer: Gives the records of some (names, paths) in order, one for each or, of a document,
            one for each page; a record has ``image``, and ``error`` when it could not be read.
        out: The file of JSON lines.
        label: Text before the progress bar.
        chunk: Images that are answered together.
        console: Where the bar goes; default: standard error.

    Returns:
        How many images were answered now, and how many of them with an error.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    failed = 0
    with JsonLines(out) as lines:
        names = [name for name in images if name not in lines.done]
        bar = Progress(*columns, console=console or Console(stderr=True))
        with bar:
            task = bar.add_task(label, total=len(images), completed=len(images) - len(names))
            for start in range(0, len(names), chunk):
                part = names[start : start + chunk]
                records = answer(part, [images[name] for name in part])
                # The pages of a document stand together, and are written together.
                for _, group in itertools.groupby(records, lambda record: record["image"]):
                    pages = list(group)
                    lines.append(*pages)
                    failed += any(page.get("error") is not None for page in pages)
                bar.advance(task, len(part))
    return len(names), failed
