"""A result to look at: its photo with outlines, in a window or a notebook; crops of its words."""

from __future__ import annotations

import base64
import html
import sys
from typing import Any

import cv2
import numpy as np
from PIL import Image

from spotter.errors import ImageError
from spotter.geometry.crops import crop_polygon
from spotter.io.drawing import draw_result
from spotter.io.images import ImageSource
from spotter.io.results.parts import clean_text, photo_of
from spotter.structures import SpottingResult

# Of pictures in notebooks, which store them: the longer side in pixels.
_NOTEBOOK_SIDE = 1600


def draw(result: SpottingResult, image: ImageSource | None = None) -> np.ndarray:
    """The photo with its words outlined and labelled: (H, W, 3) uint8 BGR.

    Raises:
        ImageError: See :func:`spotter.io.results.parts.photo_of`.
    """
    return draw_result(photo_of(result, image), result)


def show(result: SpottingResult, image: ImageSource | None = None) -> None:
    """Show :func:`draw` in the notebook, or in the system's picture viewer.

    Raises:
        ImageError: See :func:`spotter.io.results.parts.photo_of`.
    """
    picture = Image.fromarray(np.ascontiguousarray(draw(result, image)[..., ::-1]))
    shell: Any = sys.modules.get("IPython")
    # Only a shell with a kernel (not one in a terminal) has a place to show pictures at.
    if shell is not None and hasattr(shell.get_ipython(), "kernel"):
        from IPython.display import display

        display(picture)
    else:
        picture.show(title=result.image)


def png(result: SpottingResult, image: ImageSource | None = None) -> bytes | None:
    """:func:`draw` as PNG, at most 1600 pixels long; ``None`` if there is no photo to draw on."""
    return _encoded(result, image, ".png")


def _encoded(result: SpottingResult, image: ImageSource | None, suffix: str) -> bytes | None:
    try:
        picture = draw(result, image)
    except ImageError:
        return None
    scale = _NOTEBOOK_SIDE / max(picture.shape[:2])
    if scale < 1:
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    done, data = cv2.imencode(suffix, picture)
    return data.tobytes() if done else None


def to_html(result: SpottingResult, image: ImageSource | None = None) -> str:
    """A piece of HTML: name and size, the picture where there is a photo, the text line by line."""
    page = "" if result.page is None else f", page {result.page}"
    title = html.escape(f"{clean_text(result.image)}{page} ({result.width} x {result.height})")
    parts = [f"<p><b>{title}</b></p>"]
    if result.error is not None:
        parts.append(f"<p>{html.escape(clean_text(result.error))}</p>")
    picture = None if result.error is not None else _encoded(result, image, ".jpg")
    if picture is not None:
        data = base64.b64encode(picture).decode("ascii")
        text = html.escape(clean_text(result.text))
        parts.append(
            f'<img alt="{text}" style="max-width:100%" src="data:image/jpeg;base64,{data}">'
        )
    for paragraph in result.paragraphs:
        lines = (html.escape(clean_text(line.text)) for line in paragraph.lines)
        parts.append(f"<p>{'<br>'.join(lines)}</p>")
    parts += [f"<p><i>{html.escape(clean_text(note))}</i></p>" for note in result.notes]
    return f"<div>{''.join(parts)}</div>"


def word_crops(result: SpottingResult, image: ImageSource | None = None) -> list[np.ndarray]:
    """The words cut out and turned so that they are read from left to right, in reading order.

    Returns:
        One (h, w, 3) uint8 BGR for each word, at the photo's own resolution; curved words are
        straightened.

    Raises:
        ImageError: See :func:`spotter.io.results.parts.photo_of`.
    """
    photo = photo_of(result, image)
    return [crop_polygon(photo, word.polygon) for word in result.instances]
