"""A page that shows all characters of an alphabet, with labels to test a recognizer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from spotter.charset import Charset
from spotter.errors import ConfigError
from spotter.synthesis.fonts import find_fonts, system_fonts

_SIZE = 32
_GROUP = 5
_COLUMNS = 8
_MARGIN = 40
_MISSING = "\U0010ffff"


@dataclass
class AlphabetPage:
    """A drawn page.

    Attributes:
        image: (H, W, 3) uint8 BGR.
        words: Outline and text of each group of characters.
        missing: Characters that no font draws; they are not on the page.
        fonts: Files of the fonts that were used.
    """

    image: np.ndarray
    words: list[dict[str, Any]]
    missing: str
    fonts: list[str] = field(default_factory=list)


def plain_fonts(paths: Sequence[str] = ()) -> list[str]:
    """Fonts to draw a page with: those named, else Noto's, then all others of the system."""
    if paths:
        return [file for path in paths for file in find_fonts(path)]
    found = system_fonts()
    return sorted(found, key=lambda path: _strangeness(Path(path).name))


def _strangeness(name: str) -> tuple[bool, bool, int, str]:
    return ("Noto" not in name, "Regular" not in name, len(name), name)


def draw_page(charset: Charset, fonts: Sequence[str]) -> AlphabetPage:
    """Draw all characters in groups of five of one font, eight groups a line.

    Args:
        charset: The alphabet.
        fonts: Font files; each character takes the first that draws it.

    Raises:
        ConfigError: No font draws any of it.
    """
    rest = list(charset.characters)
    groups: list[tuple[str, str]] = []
    used = []
    for path in fonts:
        face = _face(path)
        if face is None or not rest:
            continue
        drawn = [character for character in rest if _draws(face, character)]
        # A character that only a symbol font draws counts as missing.
        if len(drawn) < min(3, len(rest)):
            continue
        used.append(path)
        taken = set(drawn)
        rest = [character for character in rest if character not in taken]
        groups += [
            (path, "".join(drawn[start : start + _GROUP])) for start in range(0, len(drawn), _GROUP)
        ]
    if not groups:
        raise ConfigError(f"none of {len(fonts)} fonts draws the alphabet; name some with --fonts")
    image, words = _draw(groups)
    return AlphabetPage(image, words, "".join(rest), used)


def write_page(page: AlphabetPage, path: Path) -> Path:
    """Write the picture, and its labels as ``NAME.jsonl`` beside it.

    Returns:
        The file of labels, which ``spotter evaluate end_to_end`` takes.

    Raises:
        ConfigError: ``path`` does not end like a picture that can be written.
    """
    try:
        written, encoded = cv2.imencode(path.suffix or ".png", page.image)
    except cv2.error:
        written = False
    if not written:
        raise ConfigError(f"{path}: is no name of a picture, such as {path.stem}.png")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encoded.tobytes())
    labels = path.with_suffix(".jsonl")
    line = json.dumps({"img_path": path.name, "instances": page.words}, ensure_ascii=False)
    labels.write_text(line + "\n", encoding="utf-8")
    return labels


def _draw(groups: Sequence[tuple[str, str]]) -> tuple[np.ndarray, list[dict[str, Any]]]:
    step = int(_SIZE * (_GROUP + 2))
    row = 2 * _SIZE
    rows = -(-len(groups) // _COLUMNS)
    canvas = Image.new("L", (2 * _MARGIN + _COLUMNS * step, 2 * _MARGIN + rows * row), 255)
    pen = ImageDraw.Draw(canvas)
    words = []
    for number, (path, text) in enumerate(groups):
        place = (_MARGIN + number % _COLUMNS * step, _MARGIN + number // _COLUMNS * row)
        face = _face(path)
        pen.text(place, text, font=face, fill=0)
        left, top, right, bottom = (float(v) for v in pen.textbbox(place, text, font=face))
        polygon = [[left, top], [right, top], [right, bottom], [left, bottom]]
        words.append({"polygon": polygon, "text": text, "ignore": False})
    return cv2.cvtColor(np.asarray(canvas), cv2.COLOR_GRAY2BGR), words


def _face(path: str) -> ImageFont.FreeTypeFont | None:
    try:
        return ImageFont.truetype(path, _SIZE)
    except (OSError, ValueError):
        return None


def _draws(face: ImageFont.FreeTypeFont, character: str) -> bool:
    """Whether a font draws a character, and not its placeholder for missing characters."""
    try:
        own, missing = (face.getmask(text) for text in (character, _MISSING))
    except OSError:
        return False
    return bool(own.getbbox()) and (own.size != missing.size or bytes(own) != bytes(missing))
