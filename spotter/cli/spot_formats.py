"""``spotter spot --to FORMAT``: labels to correct, documents for other programs."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.progress import track

from spotter.cli.arguments import Source
from spotter.cli.spot import output_stems
from spotter.errors import ConfigError, ImageError
from spotter.io.documents import read_pages
from spotter.io.names import printable_path
from spotter.io.results.files import FORMATS, write_results
from spotter.io.results.parts import optional_module
from spotter.io.results.pdf import pages_to_pdf
from spotter.io.writing import write_file
from spotter.structures import SpottingResult

if TYPE_CHECKING:
    from spotter.pipeline.spotter import SceneTextSpotter


def spot_to_format(
    images: Mapping[str, Source], out: Path, form: str, spotter: SceneTextSpotter, chunk: int = 16
) -> int:
    """Write all results in a format of :data:`spotter.io.results.files.FORMATS`.

    Args:
        images: Name in the files to path or address.
        out: See :func:`spotter.io.results.files.write_results`.
        form: Name of the format.
        spotter: What spots.
        chunk: Photos whose words are read together.

    Returns:
        The exit status: 1 when there was no photo that could be read.
    """
    names = {printable_path(source): name for name, source in images.items()}
    unread: set[str] = set()
    left_out = 0

    def results() -> Iterator[SpottingResult]:
        nonlocal left_out
        found = spotter.spot_iter(images.values(), chunk)
        for result in track(found, "spotting", console=Console(stderr=True)):
            if result.error is not None:
                print(f"error: {result.error}", file=sys.stderr)
                unread.add(result.image)
            result = replace(result, image=names[result.image])
            left_out += FORMATS[form].leaves_out(result)
            yield result

    files = write_results(results(), FORMATS[form], out)
    if left_out:
        print(
            f"{left_out} pages left out: labels are of pictures, and of the first page of a file",
            file=sys.stderr,
        )
    shown = files[0] if len(files) == 1 else out
    print(f"{shown}: {len(images) - len(unread)} of {len(images)} photos as {form}")
    return int(len(unread) == len(images))


def spot_to_pdf(
    images: Mapping[str, Source], out: Path, spotter: SceneTextSpotter, overwrite: bool = False
) -> int:
    """Write a searchable PDF for each photo or document.

    Args:
        images: Name to path or address.
        out: Folder of the PDFs, which are named after the photos; or, of one photo or document, a
            file that ends in ``.pdf``.
        spotter: What spots.
        overwrite: Also those whose PDF is there.

    Returns:
        The exit status: 1 when there was no photo that could be read.

    Raises:
        ConfigError: pypdf is not installed, ``out`` is a file where a folder is needed, or cannot
            be written.
    """
    optional_module("pypdf", "a searchable PDF", "'scene-text-spotter[pdf]'")
    files = _pdf_files(images, out)
    unread, kept = 0, 0
    sources = zip(images.items(), files, strict=True)
    for (name, source), file in track(
        sources, "spotting", len(files), console=Console(stderr=True)
    ):
        if file.is_file() and not overwrite:
            kept += 1
            continue
        try:
            data = pages_to_pdf(_pages(name, source, spotter))
        except ImageError as error:
            unread += 1
            print(f"error: {error}", file=sys.stderr)
            continue
        _write(file, data)
        print(file)
    if kept:
        print(f"{kept} of {len(images)} photos had their PDF already", file=sys.stderr)
    return int(unread == len(images))


def _pdf_files(images: Mapping[str, Source], out: Path) -> list[Path]:
    if out.suffix.lower() != ".pdf":
        files = [_pdf_file(stem) for stem in output_stems(images, out, _owner)]
    elif len(images) == 1:
        files = [out]
    else:
        raise ConfigError(f"{out}: one file for {len(images)} photos; --out is a folder")
    written = {file.resolve() for file in files}
    for source in images.values():
        if not isinstance(source, Path):
            continue
        # In the folder that is written, a PDF may be that of a photo, from a run before.
        is_there = source.suffix.lower() == ".pdf" and source.resolve().parent == out.resolve()
        if is_there or source.resolve() in written:
            raise ConfigError(f"{source}: is what is read; give --out another place")
    return files


def _pdf_file(stem: Path) -> Path:
    return stem.with_name(f"{stem.name}.pdf")


def _owner(stem: Path) -> str | None:
    """The photo that the title of a stem's PDF names; ``None``: no PDF, or without a title."""
    from pypdf import PdfReader

    try:
        with _pdf_file(stem).open("rb") as stream:
            metadata = PdfReader(stream).metadata
            return None if metadata is None else metadata.title
    except Exception:
        # pypdf has errors of many types for damaged files.
        return None


def _pages(
    name: str, source: Source, spotter: SceneTextSpotter
) -> Iterator[tuple[SpottingResult, np.ndarray]]:
    """The results and pictures of a document's pages; those that cannot be read are reported."""
    for page in read_pages(source, spotter.limits):
        if page.image is None:
            print(f"error: {page.error}", file=sys.stderr)
        else:
            yield replace(spotter.spot(page.image), image=name, page=page.number), page.image


def _write(file: Path, data: bytes) -> None:
    try:
        write_file(file, data)
    except OSError as error:
        raise ConfigError(f"{file}: cannot be written ({error.strerror or error})") from None
