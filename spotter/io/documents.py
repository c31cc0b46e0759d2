"""Files of several pages: TIFF, PDF and moving pictures, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from PIL import Image

from spotter.errors import ImageError
from spotter.io.formats import open_image
from spotter.io.images import ImageSource, decode, read_image
from spotter.io.names import one_line
from spotter.io.pdf import PdfCutOffError, PdfDocument
from spotter.io.sources import DEFAULT_LIMITS, ReadLimits, is_tensor, open_source

_PDF_MAGIC = b"%PDF"
# So many pages of the largest size may be in one document.
_LARGE_PAGES = 10


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

    PDF (:mod:`spotter.io.pdf`, extra ``pdf``; rendered at 200 pixels per inch), TIFF of several
    pages, GIF, WebP, PNG and AVIF of several frames. Anything else that
    :func:`spotter.io.images.read_image` takes is a single page without a number; so is a JPEG of
    several (MPO), whose others show the same, and a HEIF, of which the primary picture is read.
    One page is in memory at a time.

    Args:
        source: See :func:`spotter.io.images.read_image`.
        limits: Of each page; after ``max_pages`` pages, or ten times ``max_pixels`` in all, one
            more page with an error says that the others were not read.

    Yields:
        The pages in order. One that is damaged has ``error`` set.

    Raises:
        ImageError: The document, or its first page, cannot be read.
    """
    if isinstance(source, np.ndarray | Image.Image) or is_tensor(source):
        yield Page(read_image(source, limits))
        return
    stream, name = open_source(source, limits)
    left = _LARGE_PAGES * limits.max_pixels
    for page in _pages(stream, name, limits):
        left -= 0 if page.image is None else page.image.shape[0] * page.image.shape[1]
        if left < 0 and page.number is not None and page.number > 1:
            yield _too_many(name, page.number, "max_pixels, in all")
            return
        yield page


def _pages(stream: IO[bytes], name: str, limits: ReadLimits) -> Iterator[Page]:
    with stream:
        if stream.read(1024).lstrip().startswith(_PDF_MAGIC):
            stream.seek(0)
            yield from _pdf_pages(stream.read(), name, limits)
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


def _too_many(name: str, number: int, limit: str = "max_pages") -> Page:
    line = f"{name}: pages from {number} on are not read (ReadLimits.{limit})"
    return Page(None, number, line)


def _pdf_pages(data: bytes, name: str, limits: ReadLimits) -> Iterator[Page]:
    with PdfDocument(data, limits, name) as document:
        most = max(1, limits.max_pages)
        for index in range(min(document.count, most)):
            try:
                page = Page(document.render(index), index + 1)
            except ImageError as error:
                page = Page(None, index + 1, f"{name}: page {index + 1}: {one_line(error)}")
                if isinstance(error, PdfCutOffError):
                    yield page
                    return
            yield page
        if document.count > most:
            yield _too_many(name, most + 1)
