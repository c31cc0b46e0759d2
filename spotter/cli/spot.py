"""``spotter spot``: the words of photos."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from spotter.cli.arguments import Source, named_images
from spotter.cli.commands import File, command
from spotter.cli.options import spotter_from, spotter_options
from spotter.cli.spot_bulk import bulk_options, spot_in_bulk, writes_lines
from spotter.errors import ConfigError, ImageError
from spotter.io.documents import Page, read_pages
from spotter.io.names import printable_path
from spotter.io.results.files import FORMATS, check_names
from spotter.structures import SpottingResult

if TYPE_CHECKING:
    from spotter.pipeline.spotter import SceneTextSpotter

_ENDINGS = (".json", ".spotted.jpg")
# A file system's limit is 255 bytes, endings and numbers included.
_LONGEST_STEM = 200


@command(
    examples=(
        "spotter spot photo.jpg",
        "spotter spot photos/*.jpg --json > words.jsonl",
        "spotter spot scan.pdf",
        "spotter spot photos/ --out results.jsonl",
        "spotter spot photos/ --out pictures/ --model accurate",
        "spotter spot 'shards/*.tar' --out results.parquet --workers auto",
        "spotter spot photos/ --to labelstudio --out tasks.json",
        "spotter spot scan.pdf --to pdf --out searchable/",
    )
)
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO...")
@click.option(
    "--out",
    type=File,
    help="FILE.jsonl: one line for each photo or page; FILE.jsonl.zst or NAME.parquet (extra "
    '"bulk"): the same, packed; a folder: NAME.json and NAME.spotted.jpg for each',
)
@click.option(
    "--to",
    "form",
    type=click.Choice([*FORMATS, "pdf"]),
    help="write --out in this format: labels to correct and train with, or documents; pdf (extra "
    '"pdf") is searchable, one for each photo or document',
)
@click.option("--json", "as_json", is_flag=True, help="print JSON lines instead of tables")
@click.option("--overwrite", is_flag=True, help="spot photos that have a result in --out again")
@click.option(
    "--chunk",
    type=click.IntRange(min=1),
    default=16,
    show_default=True,
    help="photos whose words are read together, with --out FILE.jsonl or --to",
)
@bulk_options
@spotter_options
def spot(
    photos: Sequence[str],
    out: Path | None,
    form: str | None,
    as_json: bool,
    overwrite: bool,
    chunk: int,
    **options: Any,
) -> int:
    """Find and read the words of photos.

    PHOTO is an image, a PDF (extra "pdf"), an http(s) address, a folder (searched recursively), a
    pattern, or a .txt list of images. PDF, TIFF and moving pictures have one result for each page.
    A run with --out that was interrupted goes on where it stopped when it is started again, except
    with --to (pdf: document by document).

    With --out FILE.jsonl, FILE.jsonl.zst or NAME.parquet, PHOTO is also a tar archive (WebDataset),
    a Parquet table, an LMDB archive, or an address of fsspec such as s3://bucket/folder (extra
    "bulk"), and any number of photos takes little memory.
    """
    if writes_lines(photos, out, form is not None or as_json, options):
        assert out is not None
        spot_in_bulk(photos, out, overwrite, chunk, options)
        return 0
    if form is None and as_json and out is not None and out.suffix.lower() == ".jsonl":
        raise ConfigError("--json prints lines, --out FILE.jsonl writes them: one of the two")
    images = named_images(photos, documents=True)
    if form is not None:
        if out is None or as_json:
            raise ConfigError("--to writes files: it needs --out, and goes without --json")
        from spotter.cli.spot_formats import spot_to_format, spot_to_pdf

        if form == "pdf":
            return spot_to_pdf(images, out, spotter_from(options), overwrite)
        check_names(images, FORMATS[form])
        return spot_to_format(images, out, form, spotter_from(options), chunk)
    stems = None if out is None else output_stems(images.values(), out)
    return spot_each(images, spotter_from(options), stems, as_json, overwrite)


def spot_each(
    images: Mapping[str, Source],
    spotter: SceneTextSpotter,
    stems: Sequence[Path] | None = None,
    as_json: bool = False,
    overwrite: bool = True,
) -> int:
    """Spot photo by photo, page by page: print words, and write files.

    Args:
        images: Name in the result to path or address.
        spotter: What spots.
        stems: Paths of each photo's files without ``.json`` and ``.spotted.jpg``, in the order of
            ``images``; ``None``: no files. Those of pages: see :func:`page_stem`.
        as_json: Print JSON lines instead of tables; names of files then go to standard error.
        overwrite: Also spot photos and pages whose files are there; otherwise the JSON line of such
            a photo is printed as it is stored, and no table.

    Returns:
        The exit status: 1 when there was no photo that could be read.
    """
    console, unread, kept = Console(), 0, 0
    for number, (name, source) in enumerate(images.items()):
        stem = None if stems is None else stems[number]
        if not overwrite and _is_kept(stem, as_json):
            kept += 1
            continue
        try:
            for page in read_pages(source):
                place = None if stem is None else page_stem(stem, page.number)
                if not overwrite and _is_kept(place, as_json):
                    continue
                result = _spot_page(spotter, page, name)
                _show(result, console, as_json)
                if place is not None and page.image is not None:
                    for file in write_files(result, page.image, place):
                        # Standard output holds nothing but JSON lines where those are asked for.
                        print(file, file=sys.stderr if as_json else sys.stdout)
        except ImageError as error:
            unread += 1
            _show(SpottingResult(name, error=str(error)), console, as_json)
    if kept:
        print(f"{kept} of {len(images)} photos had their files already", file=sys.stderr)
    return int(unread == len(images))


def _is_kept(stem: Path | None, as_json: bool) -> bool:
    """Whether both files are there; if so, their JSON line is printed where lines are asked for."""
    files = () if stem is None else output_files(stem)
    if not files or not all(file.is_file() for file in files):
        return False
    if as_json:
        print(json.dumps(json.loads(files[0].read_text("utf-8")), ensure_ascii=False))
    return True


def _spot_page(spotter: SceneTextSpotter, page: Page, name: str) -> SpottingResult:
    """The result of a page; of one that could not be read only its error."""
    if page.image is None:
        return SpottingResult(name, error=page.error, page=page.number)
    return replace(spotter.spot(page.image), image=name, page=page.number)


def _show(result: SpottingResult, console: Console, as_json: bool) -> None:
    """Print words as a table or a JSON line, an error on standard error."""
    if result.error is not None:
        print(f"error: {result.error}", file=sys.stderr)
    if as_json:
        print(json.dumps(result.to_dict(), ensure_ascii=False))
    elif result.error is None:
        console.print(word_table(result))


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


def output_stems(sources: Iterable[Source], folder: Path) -> list[Path]:
    """A photo's name without suffix below ``folder``, numbered where an earlier photo has it.

    Raises:
        ConfigError: ``folder`` is a file.
    """
    if folder.is_file():
        raise ConfigError(f"{folder}: a file; --out is a folder or ends in .jsonl")
    used: set[str] = set()
    stems = []
    for source in sources:
        stem = Path(printable_path(source)).stem.encode()[:_LONGEST_STEM].decode(errors="ignore")
        name, number = stem, 1
        while name in used:
            number += 1
            name = f"{stem}_{number}"
        used.add(name)
        stems.append(folder / name)
    return stems


def page_stem(stem: Path, page: int | None) -> Path:
    """The stem of a page's files: ``NAME.page3`` of the third, ``NAME`` of a single picture."""
    return stem if page is None else stem.with_name(f"{stem.name}.page{page}")


def output_files(stem: Path) -> tuple[Path, Path]:
    """The JSON and the picture of a photo."""
    return stem.with_name(stem.name + _ENDINGS[0]), stem.with_name(stem.name + _ENDINGS[1])


def write_files(result: SpottingResult, photo: np.ndarray, stem: Path) -> tuple[Path, Path]:
    """Write the JSON and the picture of a result.

    Args:
        result: Of the photo.
        photo: uint8 BGR ``(H, W, 3)``.
        stem: See :func:`output_files`.

    Returns:
        Their paths.
    """
    from spotter.io.drawing import draw_result

    stem.parent.mkdir(parents=True, exist_ok=True)
    files = output_files(stem)
    # cv2.imwrite cannot open every name that the file system can.
    encoded = cv2.imencode(".jpg", draw_result(photo, result), [cv2.IMWRITE_JPEG_QUALITY, 92])[1]
    files[1].write_bytes(encoded.tobytes())
    text = json.dumps(result.to_dict(), ensure_ascii=False, indent=1)
    files[0].write_text(text + "\n", encoding="utf-8")
    return files
