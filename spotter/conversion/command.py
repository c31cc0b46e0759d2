"""The command line of ``tools/convert_dataset.py``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.config import DictAction
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from spotter.conversion.conversion import REFUSALS, convert
from spotter.conversion.layouts import LAYOUTS, Layout
from spotter.conversion.record import Counts, forget
from spotter.conversion.source import Source
from spotter.conversion.writers import WRITERS, Task
from spotter.data.readers import Reader, SceneWordsReader
from spotter.errors import ConfigError

_SHOWN_REFUSALS = 5


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The options of a conversion."""
    parser = argparse.ArgumentParser(
        prog="convert_dataset.py",
        description="Bring a data set from one layout to another.",
        epilog="An interrupted conversion goes on when the same command is given again.",
    )
    parser.add_argument("layout", nargs="?", metavar="LAYOUT", help="one of --list")
    parser.add_argument("source", nargs="?", metavar="SRC", help="its folder or annotation file")
    parser.add_argument("root", nargs="?", metavar="DST", help="folder of the converted set")
    parser.add_argument("--to", choices=WRITERS, default="canonical", help="default: canonical")
    parser.add_argument("--list", action="store_true", help="the layouts, and what SRC must be")
    parser.add_argument(
        "--split", help="which part, where SRC holds several: train, val, test or part of a name"
    )
    parser.add_argument("--image-root", metavar="DIR", help="where the images lie, if elsewhere")
    parser.add_argument(
        "--images",
        choices=("keep", "copy", "link"),
        default="keep",
        help="leave image files where they are and name them relative to DST (default), copy them, "
        "or link them (symbolically) below DST/images; an LMDB always holds copies, and the label "
        "files of icdar name no photos, so that kept ones must be named beside them",
    )
    crops = parser.add_argument_group("word crops of labelled photos")
    crops.add_argument("--crops", action="store_true", help="cut the labelled words out")
    crops.add_argument(
        "--margin", type=float, default=0.0, help="grow quadrilaterals by this share of the height"
    )
    crops.add_argument(
        "--min-height", type=float, default=4.0, help="leave out lower words, in pixels"
    )
    crops.add_argument("--unlabelled", action="store_true", help="keep words without text, too")
    parser.add_argument("--restart", action="store_true", help="convert again from the start")
    parser.add_argument(
        "--reader-options",
        nargs="+",
        action=DictAction,
        default={},
        metavar="KEY=VALUE",
        help="further arguments of the layout's reader, such as level=line or stop=100",
    )
    options = parser.parse_args(arguments)
    if not options.list and options.root is None:
        parser.error("LAYOUT, SRC and DST are needed, or --list")
    return options


def list_layouts() -> Table:
    """All layouts, and what SRC must be for each."""
    table = Table(title="layouts", title_justify="left")
    for heading in ("LAYOUT", "holds", "SRC"):
        table.add_column(heading)
    for task in ("detection", "recognition"):
        for name, layout in sorted(LAYOUTS.items()):
            if layout.task == task:
                holds = "photos" if task == "detection" else "word crops"
                table.add_row(name, holds, layout.source)
        table.add_section()
    return table


def find_layout(name: str) -> Layout:
    """A layout by name.

    Raises:
        ConfigError: There is none of that name.
    """
    if name not in LAYOUTS:
        raise ConfigError(f"{name}: no such layout; one of {', '.join(sorted(LAYOUTS))}")
    return LAYOUTS[name]


def main(arguments: Sequence[str] | None = None) -> None:
    """Convert, and print what became of the source.

    Raises:
        SpotterError: The source or the destination cannot be used.
    """
    options = parse_arguments(arguments)
    if options.list:
        Console().print(list_layouts())
        return
    layout, root = find_layout(options.layout), Path(options.root)
    source = Source(options.source, options.split, options.image_root)
    if options.restart:
        forget(root)
    console = Console(stderr=True)
    with console.status(f"reading {options.source}"):
        reader = layout.open(source, options.reader_options)
        reader, task = _crops(reader, layout, options)
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(TextColumn("converting"), *columns, console=console) as progress:
        bar = progress.add_task("", total=len(reader))
        counts = convert(
            reader,
            task,
            root,
            options.to,
            options.images,
            source.image_root or source.folder,
            _settings(options),
            lambda done: progress.advance(bar, done),
        )
    print(f"{root}: {summary(counts, task, options.crops)}")
    _show_refusals(root, counts)


def _crops(reader: Reader, layout: Layout, options: argparse.Namespace) -> tuple[Reader, Task]:
    if not options.crops:
        return reader, layout.task
    if layout.task != "detection":
        raise ConfigError(f"--crops: {options.layout} holds word crops already")
    words = SceneWordsReader(
        reader,
        margin=options.margin,
        min_height=options.min_height,
        unlabelled=options.unlabelled,
    )
    return words, "recognition"


def _settings(options: argparse.Namespace) -> dict[str, Any]:
    names = ["layout", "split", "crops", "margin", "min_height", "unlabelled"]
    paths = {
        key: None if value is None else str(Path(value).resolve())
        for key, value in (("source", options.source), ("image_root", options.image_root))
    }
    readers = {key: str(value) for key, value in sorted(options.reader_options.items())}
    return {**{name: getattr(options, name) for name in names}, **paths, "options": readers}


def summary(counts: Counts, task: Task, crops: bool = False) -> str:
    """What became of a source, in one line."""
    parts = [f"{counts.samples} {'photos' if task == 'detection' else 'word crops'}"]
    if task == "detection":
        parts.append(f"{counts.words} labelled words")
    if counts.unlabelled:
        parts.append(f"{counts.unlabelled} without text")
    if counts.ignored:
        parts.append(f"{counts.ignored} ignored words" + (" left out" if crops else ""))
    parts += [f"{count} left out ({reason})" for reason, count in sorted(counts.left_out.items())]
    if counts.flattened:
        parts.append(f"{counts.flattened} curved outlines became rectangles")
    parts.append(f"{counts.refused} refused")
    return ", ".join(parts)


def _show_refusals(root: Path, counts: Counts) -> None:
    if not counts.refused:
        return
    lines = (root / REFUSALS).read_text(encoding="utf-8").splitlines()
    for line in lines[:_SHOWN_REFUSALS]:
        print(f"refused: {line}", file=sys.stderr)
    if len(lines) > _SHOWN_REFUSALS:
        rest = len(lines) - _SHOWN_REFUSALS
        print(f"refused: {rest} more in {root / REFUSALS}", file=sys.stderr)
