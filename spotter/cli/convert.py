"""``spotter convert``: data sets from one layout to another."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
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

from spotter.cli.commands import File, command, several
from spotter.cli.options import parse_overrides
from spotter.conversion.conversion import REFUSALS
from spotter.conversion.conversion import convert as write_converted
from spotter.conversion.layouts import LAYOUTS, Layout
from spotter.conversion.record import Counts, forget
from spotter.conversion.source import Source
from spotter.conversion.writers import WRITERS, Task
from spotter.data.readers import Reader, SceneWordsReader
from spotter.errors import ConfigError
from spotter.io.locks import OutputLock

_SHOWN_REFUSALS = 5


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


@command(
    epilog="An interrupted conversion goes on when the same command is given again.",
    examples=(
        "spotter convert --list",
        "spotter convert icdar2015 ch4_training/ converted/ --to lmdb --crops",
    ),
)
@click.argument("layout", required=False)
@click.argument("source", required=False, metavar="SRC")
@click.argument("root", required=False, metavar="DST", type=File)
@click.option("--to", type=click.Choice(list(WRITERS)), default="canonical", show_default=True)
@click.option("--list", "listing", is_flag=True, help="the layouts, and what SRC must be")
@click.option(
    "--split", help="which part, where SRC holds several: train, val, test or part of a name"
)
@click.option("--image-root", metavar="DIR", help="where the images lie, if elsewhere")
@click.option(
    "--images",
    type=click.Choice(("keep", "copy", "link")),
    default="keep",
    show_default=True,
    help="leave image files where they are and name them relative to DST, copy them, or link them "
    "(symbolically) below DST/images; an LMDB always holds copies, and the label files of icdar "
    "name no photos, so that kept ones must be named beside them",
)
@click.option("--crops", is_flag=True, help="cut the labelled words out")
@click.option(
    "--margin", default=0.0, help="of crops: grow quadrilaterals by this share of the height"
)
@click.option(
    "--min-height", default=4.0, show_default=True, help="leave out lower words, in pixels"
)
@click.option("--unlabelled", is_flag=True, help="keep crops of words without text, too")
@click.option("--restart", is_flag=True, help="convert again from the start")
@several(
    "--reader-options",
    metavar="KEY=VALUE...",
    help="further arguments of the layout's reader, such as level=line; or start=100 and stop=200",
)
def convert(
    layout: str | None, source: str | None, root: Path | None, listing: bool, **options: Any
) -> None:
    """Bring a data set from LAYOUT at SRC (its folder or annotation file) into DST.

    Malformed entries are left out, counted, and listed with file and line in DST/refused.txt.
    """
    if listing:
        Console().print(list_layouts())
        return
    if layout is None or source is None or root is None:
        raise click.UsageError("LAYOUT, SRC and DST are needed, or --list")
    with OutputLock(root, is_folder=True):
        _convert(layout, source, root, options)


def _convert(name: str, path: str, root: Path, options: dict[str, Any]) -> None:
    layout = find_layout(name)
    source = Source(path, options["split"], options["image_root"])
    reader_options = parse_overrides(options["reader_options"])
    if options["restart"]:
        forget(root)
    console = Console(stderr=True)
    with console.status(f"reading {path}"):
        reader, task = layout.open(source, reader_options), layout.task
        if options["crops"]:
            reader, task = _crops(reader, name, layout, options), "recognition"
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(TextColumn("converting"), *columns, console=console) as progress:
        bar = progress.add_task("", total=len(reader))
        counts = write_converted(
            reader,
            task,
            root,
            options["to"],
            options["images"],
            source.image_root or source.folder,
            _settings(name, path, reader_options, options),
            lambda done: progress.advance(bar, done),
        )
    print(f"{root}: {summary(counts, task, options['crops'])}")
    _show_refusals(root, counts)


def _crops(reader: Reader, name: str, layout: Layout, options: Mapping[str, Any]) -> Reader:
    if layout.task != "detection":
        raise ConfigError(f"--crops: {name} holds word crops already")
    return SceneWordsReader(
        reader,
        margin=options["margin"],
        min_height=options["min_height"],
        unlabelled=options["unlabelled"],
    )


def _settings(
    layout: str, source: str, reader_options: Mapping[str, Any], options: Mapping[str, Any]
) -> dict[str, Any]:
    """What an interrupted conversion must have in common with the one that goes on."""
    names = ("split", "crops", "margin", "min_height", "unlabelled")
    image_root = options["image_root"]
    return {
        "layout": layout,
        **{name: options[name] for name in names},
        "source": str(Path(source).resolve()),
        "image_root": None if image_root is None else str(Path(image_root).resolve()),
        "options": {key: str(value) for key, value in sorted(reader_options.items())},
    }


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
