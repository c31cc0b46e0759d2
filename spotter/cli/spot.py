"""``spotter spot``: the words of photos."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from spotter.cli.arguments import Source, named_images
from spotter.cli.commands import File, command
from spotter.cli.errors import use_utf8
from spotter.cli.options import spotter_from, spotter_options
from spotter.cli.spot_bulk import bulk_options, spot_in_bulk, writes_lines
from spotter.errors import ConfigError, ImageError
from spotter.io.documents import Page, read_pages
from spotter.io.formats import DOCUMENT_SUFFIXES, IMAGE_SUFFIXES
from spotter.io.images import encode_jpeg, fit_jpeg
from spotter.io.locks import OutputLock
from spotter.io.names import printable_path
from spotter.io.results.files import FORMATS, check_names, check_output
from spotter.io.writing import write_file
from spotter.structures import SpottingResult

if TYPE_CHECKING:
    from spotter.pipeline.spotter import SceneTextSpotter

_ENDINGS = (".json", ".spotted.jpg")
# A file system's limit is 255 bytes, endings and numbers included.
_LONGEST_STEM = 200
# What somebody means to be a file.
_FILE_SUFFIXES = (
    *(".csv", ".hocr", ".htm", ".html", ".json", ".txt", ".xml"),
    *IMAGE_SUFFIXES,
    *DOCUMENT_SUFFIXES,
)


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
    pattern, or a .txt list of images. PDF, TIFF and moving pictures have one result for each page;
    labels to train with (--to) are of the first page only, and of no PDF.
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
    if as_json:
        use_utf8()
    images = _without_drawn(named_images(photos, documents=True))
    if form is not None:
        if out is None or as_json:
            raise ConfigError("--to writes files: it needs --out, and goes without --json")
        from spotter.cli.spot_formats import spot_to_format, spot_to_pdf

        if form == "pdf":
            return spot_to_pdf(images, out, spotter_from(options), overwrite)
        check_names(images, FORMATS[form])
        check_output(out, FORMATS[form], [*photos, *images.values()])
        return spot_to_format(images, out, form, spotter_from(options), chunk)
    if out is None:
        return spot_each(images, spotter_from(options), None, as_json)
    _check_folder(out)
    with OutputLock(out, is_folder=True):
        stems = output_stems(images, out)
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
        overwrite: Also spot photos and pages whose files are there, whole; otherwise the JSON line
            of such a photo is printed as it is stored, and no table.

    Returns:
        The exit status: 1 when there was no photo that could be read.
    """
    console, unread, kept = Console(), 0, 0
    for number, (name, source) in enumerate(images.items()):
        stem = None if stems is None else stems[number]
        if not overwrite and _is_kept(stem, name, None, as_json):
            kept += 1
            continue
        try:
            for page in read_pages(source):
                place = None if stem is None else page_stem(stem, page.number)
                if not overwrite and _is_kept(place, name, page.number, as_json):
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


def _is_kept(stem: Path | None, name: str, page: int | None, as_json: bool) -> bool:
    """Whether both files of a photo or page are there; if so, their JSON line is printed where
    lines are asked for.
    """
    record = None if stem is None else _stored(stem)
    if stem is None or record is None or not output_files(stem)[1].is_file():
        return False
    if (record.get("image"), record.get("page")) != (name, page):
        return False
    if as_json:
        print(json.dumps(record, ensure_ascii=False))
    return True


def _stored(stem: Path) -> dict[str, Any] | None:
    """The JSON object at a stem, empty if it is something else; ``None``: no JSON, or cut off."""
    try:
        record = json.loads(output_files(stem)[0].read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else {}


def _without_drawn(images: Mapping[str, Source]) -> Mapping[str, Source]:
    """The images without the pictures that a run before drew, whose JSON lies beside them.

    Raises:
        ImageError: There is nothing else.
    """
    kept = {name: source for name, source in images.items() if not _is_drawn(source)}
    if not kept:
        raise ImageError("nothing but pictures that a run before drew (NAME.spotted.jpg)")
    if len(kept) < len(images):
        number = len(images) - len(kept)
        print(f"{number} pictures left out, which a run before drew", file=sys.stderr)
    return kept


def _is_drawn(source: Source) -> bool:
    if not isinstance(source, Path) or not source.name.endswith(_ENDINGS[1]):
        return False
    record = _stored(source.with_name(source.name.removesuffix(_ENDINGS[1])))
    return record is not None and record.keys() >= {"image", "instances"}


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


def output_stems(
    images: Mapping[str, Source],
    folder: Path,
    owner: Callable[[Path], str | None] | None = None,
) -> list[Path]:
    """A photo's file name without suffix below ``folder``, numbered where another photo has it.

    What is in the folder stays that of the photo that it names, and of no other.

    Args:
        images: Name in the result to path or address.
        folder: Where the files are, or will be.
        owner: Gives the name of the photo whose files are at a stem, and ``None`` for nobody's;
            default: by their JSON.

    Raises:
        ConfigError: ``folder`` is a file, or named like one.
    """
    _check_folder(folder)
    owner = owner or _owner
    used: set[Path] = set()
    stems = []
    for name, source in images.items():
        own = Path(printable_path(source)).stem.encode()[:_LONGEST_STEM].decode(errors="ignore")
        stem, number = folder / own, 1
        while stem in used or owner(stem) not in (None, name):
            number += 1
            stem = folder / f"{own}_{number}"
        used.add(stem)
        stems.append(stem)
    return stems


def _owner(stem: Path) -> str | None:
    """The photo that the JSON at a stem names, empty if it names none; ``None``: no whole JSON."""
    for place in (stem, page_stem(stem, 1)):
        if (record := _stored(place)) is not None:
            return str(record.get("image", ""))
    return None


def _check_folder(folder: Path) -> None:
    if folder.is_file():
        raise ConfigError(f"{folder}: a file; --out is a folder or ends in .jsonl")
    if folder.suffix.lower() in _FILE_SUFFIXES and not folder.is_dir():
        raise ConfigError(
            f"{folder}: named like a file; --out is a folder or ends in .jsonl, and one file of"
            " another kind needs --to"
        )


def page_stem(stem: Path, page: int | None) -> Path:
    """The stem of a page's files: ``NAME.page3`` of the third, ``NAME`` of a single picture."""
    return stem if page is None else stem.with_name(f"{stem.name}.page{page}")


def output_files(stem: Path) -> tuple[Path, Path]:
    """The JSON and the picture of a photo."""
    return stem.with_name(stem.name + _ENDINGS[0]), stem.with_name(stem.name + _ENDINGS[1])


def write_files(result: SpottingResult, photo: np.ndarray, stem: Path) -> tuple[Path, Path]:
    """Write the JSON and the picture of a result, each whole or not at all, the JSON last.

    A picture of more than 65,500 pixels along a side, which is no JPEG, is reduced, and a line says
    so.

    Args:
        result: Of the photo.
        photo: uint8 BGR ``(H, W, 3)``.
        stem: See :func:`output_files`.

    Returns:
        Their paths.

    Raises:
        OSError: One cannot be written; ``filename`` names it.
    """
    files = output_files(stem)
    # cv2.imwrite cannot open every name that the file system can.
    write_file(files[1], encode_jpeg(_drawn(result, photo), 92))
    write_file(files[0], json.dumps(result.to_dict(), ensure_ascii=False, indent=1) + "\n")
    return files


def _drawn(result: SpottingResult, photo: np.ndarray) -> np.ndarray:
    from spotter.io.drawing import draw_result

    picture = draw_result(photo, result)
    fitting = fit_jpeg(picture)
    if fitting is not picture:
        size = f"{fitting.shape[1]} x {fitting.shape[0]}"
        line = f"drawn at {size} pixels, as a JPEG can be no larger"
        print(f"{result.image}: {line}", file=sys.stderr)
    return fitting
