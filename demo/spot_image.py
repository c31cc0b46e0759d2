"""Spot the words of photos: ``demo/spot_image.py PHOTO...``.

Prints a table for each photo, and writes ``NAME.json`` and ``NAME.spotted.jpg`` into ``--out-dir``.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from spotter.cli.arguments import add_spotter_arguments, spotter_from
from spotter.cli.errors import run_tool
from spotter.errors import ImageError
from spotter.io import Page, read_pages
from spotter.io.drawing import draw_result
from spotter.io.names import printable_path
from spotter.io.sources import name_of
from spotter.pipeline import SceneTextSpotter
from spotter.structures import SpottingResult


def word_table(result: SpottingResult) -> Table:
    """The words of a photo, in reading order."""
    page = "" if result.page is None else f", page {result.page}"
    title = f"{result.image}{page} ({result.width} x {result.height})"
    table = Table(title=title, title_justify="left")
    table.add_column("text", style="bold", overflow="fold")
    for column in ("score", "detection", "recognition", "x", "y", "width", "height"):
        table.add_column(column, justify="right")
    for word in result.instances:
        low, size = word.polygon.min(axis=0), np.ptp(word.polygon, axis=0)
        scores = (word.score, word.detection_score, word.recognition_score)
        numbers = [f"{score:.2f}" for score in scores]
        numbers += [f"{value:.0f}" for value in (*low, *size)]
        table.add_row(word.text, *numbers)
    return table


def file_stem(path: str, used: set[str]) -> str:
    """A photo's name without suffix; numbered where another photo of this run has it already."""
    # A file system's limit is 255 bytes, suffixes and number included.
    stem = name = Path(path).stem.encode()[:200].decode(errors="ignore")
    number = 1
    while name in used:
        number += 1
        name = f"{stem}_{number}"
    used.add(name)
    return name


def write_files(result: SpottingResult, photo: np.ndarray, stem: Path) -> list[Path]:
    """Write the JSON and the picture of a result; gives their paths."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    files = [stem.with_name(f"{stem.name}{suffix}") for suffix in (".json", ".spotted.jpg")]
    text = json.dumps(result.to_dict(), ensure_ascii=False, indent=1)
    files[0].write_text(text + "\n", encoding="utf-8")
    # cv2.imwrite cannot open every name that the file system can.
    encoded = cv2.imencode(".jpg", draw_result(photo, result), [cv2.IMWRITE_JPEG_QUALITY, 92])[1]
    files[1].write_bytes(encoded.tobytes())
    return files


def spot_page(
    spotter: SceneTextSpotter, page: Page, name: str
) -> tuple[SpottingResult, np.ndarray | None]:
    """The result of a page, and its picture; of one that could not be read only its error."""
    if page.image is None:
        return SpottingResult(name, error=page.error, page=page.number), None
    return replace(spotter.spot(page.image), image=name, page=page.number), page.image


def report(result: SpottingResult, console: Console, json_lines: bool) -> None:
    """Print a result: its words as a table or a JSON line, its error on standard error."""
    if result.error is not None:
        print(f"error: {result.error}", file=sys.stderr)
    if json_lines:
        print(json.dumps(result.to_dict(), ensure_ascii=False))
    elif result.error is None:
        console.print(word_table(result))


def main() -> None:
    """Parse the command line and run; exit status 1 when no photo could be read."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("photos", nargs="+", metavar="PHOTO")
    parser.add_argument("--out-dir", type=Path, default=Path("outputs"))
    parser.add_argument("--json", action="store_true", help="print JSON lines instead of tables")
    add_spotter_arguments(parser)
    arguments = parser.parse_args()
    spotter = spotter_from(arguments)
    console = Console()
    unread, used = 0, set[str]()
    for path in arguments.photos:
        try:
            for page in read_pages(path):
                result, photo = spot_page(spotter, page, name_of(path))
                report(result, console, arguments.json)
                if photo is None:
                    continue
                stem = arguments.out_dir / file_stem(printable_path(path), used)
                for file in write_files(result, photo, stem):
                    # Standard output holds nothing but JSON lines where those are asked for.
                    print(file, file=sys.stderr if arguments.json else sys.stdout)
        except ImageError as error:
            unread += 1
            report(SpottingResult(name_of(path), error=str(error)), console, arguments.json)
    if unread == len(arguments.photos):
        raise SystemExit(1)


if __name__ == "__main__":
    run_tool(main)
