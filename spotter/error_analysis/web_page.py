"""Pages of HTML in one file: pictures inlined, light and dark, nothing loaded from elsewhere."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from spotter.io.images import encode_jpeg

_STYLE = Path(__file__).with_suffix(".css")


@dataclass(frozen=True)
class Outline:
    """A polygon over a picture.

    Attributes:
        polygon: (N, 2) in the picture's coordinates.
        kind: CSS class; the page's style colours ``true``, ``ignored``, ``unlabelled`` and
            ``predicted``.
        title: What is shown when the pointer rests on it.
    """

    polygon: np.ndarray
    kind: str
    title: str = ""


def escape(text: object) -> str:
    """Text for HTML, in content and in attributes."""
    return html.escape(str(text), quote=True)


def data_uri(image: np.ndarray, quality: int = 85) -> str:
    """An image as a JPEG inside its own address.

    Args:
        image: (H, W) or (H, W, 3) uint8 BGR.
        quality: Of JPEG, 0 to 100.
    """
    return "data:image/jpeg;base64," + base64.b64encode(encode_jpeg(image, quality)).decode()


def picture(
    image: np.ndarray,
    outlines: Sequence[Outline] = (),
    max_side: int = 960,
    label: str = "",
    quality: int = 85,
) -> str:
    """An ``<svg>`` of an image with outlines.

    Args:
        image: (H, W) or (H, W, 3) uint8 BGR.
        outlines: In pixels of the image.
        max_side: Larger images are reduced to it; the outlines stay sharp.
        label: What the picture shows, for readers who do not see it.
        quality: Of JPEG.
    """
    height, width = image.shape[:2]
    factor = min(1.0, max_side / max(height, width))
    if factor < 1:
        size = (max(1, round(width * factor)), max(1, round(height * factor)))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    shapes = "".join(_shape(outline) for outline in outlines)
    return (
        f'<svg class="picture" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{escape(label)}">'
        f'<image href="{data_uri(image, quality)}" width="{width}" height="{height}" '
        f'preserveAspectRatio="none"/>{shapes}</svg>'
    )


def _shape(outline: Outline) -> str:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in np.asarray(outline.polygon))
    title = f"<title>{escape(outline.title)}</title>" if outline.title else ""
    return f'<polygon class="{escape(outline.kind)}" points="{points}">{title}</polygon>'


def page(title: str, body: str, style: str = "", script: str = "") -> str:
    """A whole document.

    Args:
        title: Plain text.
        body: HTML.
        style: CSS after the common style.
        script: JavaScript that runs when the document is there.
    """
    code = f"<script>\n{script}</script>\n" if script else ""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n"
        f"<style>\n{_STYLE.read_text(encoding='utf-8')}{style}</style>\n</head>\n"
        f"<body>\n{body}\n{code}</body>\n</html>\n"
    )
