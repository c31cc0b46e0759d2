"""Pictures of results: outlines and labels that can be read."""

from __future__ import annotations

import colorsys
import unicodedata
from contextlib import suppress
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from spotter.structures import SpottingResult

Box = tuple[float, float, float, float]
_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

# Outlines are drawn on an enlarged layer and reduced: PIL's own lines have jagged edges.
_OVERSAMPLING = 2
_FILL_OPACITY = 32
_GOLDEN_RATIO = 0.618034
# Of Linux, Windows and macOS: those for the letters of Europe, then those for East Asia.
_SYSTEM_FONTS = (
    "DejaVuSans.ttf", "NotoSans-Regular.ttf", "LiberationSans-Regular.ttf", "segoeui.ttf",
    "Arial Unicode.ttf", "arial.ttf", "Arial.ttf", "NotoSansCJK-Regular.ttc", "NanumGothic.ttf",
    "malgun.ttf", "msyh.ttc", "PingFang.ttc", "AppleSDGothicNeo.ttc",
)  # fmt: skip
# A code point that Unicode will never give to a character.
_IN_NO_FONT = "\ufdd0"


def draw_result(image: np.ndarray, result: SpottingResult) -> np.ndarray:
    """A copy of a photo with its words outlined and labelled.

    Args:
        image: (H, W, 3) uint8 BGR, upright as :func:`read_image` gives it.
        result: What was read in it.

    Returns:
        (H, W, 3) uint8 BGR.
    """
    picture = Image.fromarray(np.ascontiguousarray(image[..., ::-1])).convert("RGBA")
    unit = max(1.0, min(picture.size) / 480)
    picture.alpha_composite(_outlines(picture.size, result, unit))
    _draw_labels(picture, result, unit)
    return np.ascontiguousarray(np.asarray(picture.convert("RGB"))[..., ::-1])


def _outlines(size: tuple[int, int], result: SpottingResult, unit: float) -> Image.Image:
    scale = _OVERSAMPLING if max(size) <= 4096 else 1
    layer = Image.new("RGBA", (size[0] * scale, size[1] * scale))
    draw = ImageDraw.Draw(layer)
    for index, word in enumerate(result.instances):
        points = [(float(x) * scale, float(y) * scale) for x, y in word.polygon]
        color = _color(index)
        draw.polygon(points, fill=(*color, _FILL_OPACITY))
        draw.line([*points, *points[:2]], (*color, 255), round(1.6 * unit * scale), "curve")
    return layer if scale == 1 else layer.resize(size, Image.Resampling.BOX)


def _draw_labels(picture: Image.Image, result: SpottingResult, unit: float) -> None:
    draw = ImageDraw.Draw(picture)
    padding = 3 * unit
    taken = [_bounds(word.polygon) for word in result.instances]
    for index, word in enumerate(result.instances):
        font, text = _label(word.text or "", round(11 * unit))
        line_height = draw.textbbox((0, 0), "Ålgpj|", font=font)[3]
        left, _, right, _ = draw.textbbox((0, 0), text, font=font)
        size = (right - left + 2 * padding, line_height + padding)
        box = _place(word.polygon, size, picture.size, taken)
        taken.append(box)
        color = _color(index)
        draw.rounded_rectangle(box, radius=padding, fill=(*color, 255))
        draw.text(
            (box[0] + padding - left, box[1] + padding / 2),
            text,
            font=font,
            fill=_ink(color),
        )


def _place(
    polygon: np.ndarray, size: tuple[float, float], canvas: tuple[int, int], taken: list[Box]
) -> Box:
    """The first free place of: above, below, right, left, on top; the least covered if none is.

    Args:
        polygon: (N, 2) the word.
        size: Width and height of the label.
        canvas: Width and height of the picture.
        taken: Boxes of words and labels that should stay visible.
    """
    x0, y0, x1, y1 = _bounds(polygon)
    width, height = size
    starts = [(x0, y0 - height), (x0, y1), (x1, y0), (x0 - width, y0), (x0, y0)]
    boxes = []
    for x, y in starts:
        left = float(np.clip(x, 0, max(canvas[0] - width, 0)))
        above = float(np.clip(y, 0, max(canvas[1] - height, 0)))
        boxes.append((left, above, left + width, above + height))
    return min(boxes, key=lambda box: sum(_shared(box, other) for other in taken))


def _bounds(polygon: np.ndarray) -> Box:
    (x0, y0), (x1, y1) = polygon.min(axis=0), polygon.max(axis=0)
    return float(x0), float(y0), float(x1), float(y1)


def _shared(a: Box, b: Box) -> float:
    """Area in square pixels that two boxes have in common."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    return max(width, 0.0) * max(height, 0.0)


def _color(index: int) -> tuple[int, int, int]:
    """Hues in steps of the golden ratio: neighbours in reading order differ clearly."""
    red, green, blue = colorsys.hsv_to_rgb((0.58 + index * _GOLDEN_RATIO) % 1.0, 0.85, 0.88)
    return round(red * 255), round(green * 255), round(blue * 255)


def _ink(color: tuple[int, int, int]) -> str:
    """Black or white, whichever contrasts more with a colour (ITU-R BT.601 luma)."""
    luma = 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2]
    return "black" if luma > 150 else "white"


def _label(text: str, size: int) -> tuple[_Font, str]:
    """A font of the system that has all characters of a text, and the text as it is to be drawn.

    If none has them, it is the first font; and where the system has no fonts, Pillow's own, which
    knows no accents: letters are then drawn without them.
    """
    fonts = _system_fonts(size)
    if not fonts:
        parts = unicodedata.normalize("NFKD", text)
        return _default_font(size), "".join(c for c in parts if not unicodedata.combining(c))
    return next((font for font in fonts if _has_all(font, text)), fonts[0]), text


@lru_cache(maxsize=8)
def _system_fonts(size: int) -> tuple[ImageFont.FreeTypeFont, ...]:
    fonts = []
    for name in _SYSTEM_FONTS:
        # Pillow looks in the folders where the system keeps its fonts.
        with suppress(OSError):
            fonts.append(ImageFont.truetype(name, size))
    return tuple(fonts)


@lru_cache(maxsize=8)
def _default_font(size: int) -> _Font:
    return ImageFont.load_default(size)


def _has_all(font: ImageFont.FreeTypeFont, text: str) -> bool:
    return all(_has(font, character) for character in set(text))


@lru_cache(maxsize=4096)
def _has(font: ImageFont.FreeTypeFont, character: str) -> bool:
    """Whether a character is drawn otherwise than one that no font has."""
    if character.isspace():
        return True
    missing, mask = font.getmask(_IN_NO_FONT), font.getmask(character)
    return mask.size != missing.size or bytes(mask) != bytes(missing)
