"""Files of several pages: TIFF, PDF and moving pictures, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import IO, Any

import numpy as np
from PIL import Image

from spotter.errors import ImageError
from spotter.io.formats import open_image
from spotter.io.images import ImageSource, decode, read_image
from spotter.io.names import one_line
from spotter.io.sources import DEFAULT_LIMITS, ReadLimits, is_tensor, open_source

_PDF_MAGIC = b"%PDF"
# Pixels per inch at which small print (6 points) has letters of about 12 pixels.
_PDF_RESOLUTION = 200
_POINTS_PER_INCH = 72


@dataclass(frozen=True)
class Page:
    """One page of a document.

    Attributes:
        image: (H, W, 3) uint8 BGR, upright; ``None`` where ``error`` is set.
        number: Counted from 1; ``None`` for the only picture of a source.
        error: One line that says why the page could not be read.
    """

    image: np.ndarray | None
    number: int | None = None
    error: str | None = None


def read_pages(source: ImageSource, limits: ReadLimits = DEFAULT_LIMITS) -> Iterator[Page]:
    """The pages of a document or the frames of a moving picture, one after the other.

    PDF (pypdfium2, extra ``pdf``; rendered at 200 pixels per inch), TIFF of several pages, GIF,
    WebP, PNG and AVIF of several frames. Anything else that
    :func:`spotter.io.images.read_image` takes is a single page without a number; so is a JPEG of
    several (MPO), whose others show the same, and a HEIF, of which the primary picture is read.
    One page is in memory at a time.

    Args:
        source: See :func:`spotter.io.images.read_image`.
        limits: Of each page; after ``max_pages`` one more page with an error says that the others
            were not read.

    Yields:
        The pages in order. One that is damaged has ``error`` set.

    Raises:
        ImageError: The document, or its first page, cannot be read.
    """
    if isinstance(source, np.ndarray | Image.Image) or is_tensor(source):
        yield Page(read_image(source, limits))
        return
    stream, name = open_source(source, limits)
    with stream:
        if stream.read(1024).lstrip().startswith(_PDF_MAGIC):
            yield from _pdf_pages(stream, name, limits)
            return
        with open_image(stream, name) as image:
            first = decode(image, name, limits)
            if image.format in ("MPO", "HEIF") or not _has_more(image):
                yield Page(first)
                return
            yield Page(first, 1)
            # Not held while the others are read.
            del first
            yield from _further_frames(image, name, limits)


def _has_more(image: Any) -> bool:
    """Whether a picture has a second frame; false where that cannot be determined."""
    try:
        return bool(getattr(image, "is_animated", False))
    except Exception:
        # Some formats decode for the question, and decoders raise anything.
        return False


def _further_frames(image: Any, name: str, limits: ReadLimits) -> Iterator[Page]:
    number = 1
    while True:
        number += 1
        if number > limits.max_pages:
            yield _too_many(name, number)
            return
        try:
            image.seek(number - 1)
            page = Page(decode(image, name, limits), number)
        except EOFError:
            return
        except Exception as error:
            # Seeking decodes, too. Nothing can follow a damaged frame.
            reason = one_line(error) if isinstance(error, ImageError) else f"{name}: damaged"
            yield Page(None, number, f"{reason} (page {number})")
            return
        yield page


def _too_many(name: str, number: int) -> Page:
    line = f"{name}: pages from {number} on are not read (ReadLimits.max_pages)"
    return Page(None, number, line)


def _pdf_pages(stream: IO[bytes], name: str, limits: ReadLimits) -> Iterator[Page]:
    if find_spec("pypdfium2") is None:
        raise ImageError(
            f"{name}: is a PDF, which needs pypdfium2 (pip install 'scene-text-spotter[pdf]')"
        )
    import pypdfium2

    stream.seek(0)
    try:
        # Given as bytes, PDFium needs no file of ours to stay open.
        document = pypdfium2.PdfDocument(stream.read())
        count = len(document)
    except Exception as error:
        raise ImageError(f"{name}: not a readable PDF ({one_line(error)})") from None
    try:
        if not count:
            raise ImageError(f"{name}: a PDF without pages")
        most = max(1, limits.max_pages)
        for index in range(min(count, most)):
            try:
                image = _render(document[index], limits, name)
            except Exception as error:
                # PDFium's errors have several types, none of them documented for damaged pages.
                yield Page(None, index + 1, f"{name}: page {index + 1}: {one_line(error)}")
                continue
            yield Page(image, index + 1)
        if count > most:
            yield _too_many(name, most + 1)
    finally:
        document.close()


def _render(page: Any, limits: ReadLimits, name: str) -> np.ndarray:
    width, height = page.get_size()
    scale = _PDF_RESOLUTION / _POINTS_PER_INCH
    limits.check_size(round(width * scale), round(height * scale), name)
    bitmap = page.render(scale=scale, rev_byteorder=False)
    try:
        # PDFium's own memory goes with the bitmap.
        return np.array(read_image(np.asarray(bitmap.to_numpy())))
    finally:
        bitmap.close()
        page.close()
