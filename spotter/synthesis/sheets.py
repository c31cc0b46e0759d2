"""Contact sheets: many samples in one picture, to check them before training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from spotter.io.images import encode_jpeg
from spotter.synthesis.fonts import FontBank, bundled_fonts
from spotter.synthesis.layout import paste, set_text
from spotter.synthesis.text import PRINTABLE


def word_sheet(
    samples: Sequence[tuple[np.ndarray, str]],
    columns: int = 10,
    cell: tuple[int, int] = (56, 128),
) -> np.ndarray:
    """Crops in a grid, each over its label.

    Args:
        samples: Crops (h, w, 3) uint8 and their labels.
        columns: Crops per row.
        cell: Height and width of one field in pixels, label included.

    Returns:
        (H, W, 3) uint8.
    """
    height, width = cell
    rows = -(-len(samples) // columns)
    sheet: np.ndarray = np.full((rows * height, columns * width, 3), 40, np.uint8)
    room = (height - 18, width - 6)
    fonts = FontBank(bundled_fonts() or None)
    font = fonts.choose(np.random.default_rng(0), PRINTABLE)
    for number, (image, text) in enumerate(samples):
        top, left = number // columns * height, number % columns * width
        scale = min(room[1] / image.shape[1], room[0] / image.shape[0], 2.0)
        size = tuple(max(1, int(side * scale)) for side in image.shape[1::-1])
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        small = cv2.resize(image, size, interpolation=method)
        sheet[top + 2 : top + 2 + size[1], left + 3 : left + 3 + size[0]] = small
        label = set_text(fonts, font, text, 11)
        line: np.ndarray = np.zeros((16, width - 3), np.uint8)
        paste(line, label.alpha, 0, 12 - label.baseline)
        sheet[top + height - 16 : top + height, left + 3 : left + width] += line[..., None] // 5 * 4
    return sheet


def scene_sheet(scenes: Sequence[dict[str, Any]], columns: int = 3, width: int = 400) -> np.ndarray:
    """Scenes in a grid with their word polygons, green, or red where ignored.

    Args:
        scenes: Results of :meth:`SceneSynthesizer.sample` or :meth:`PageSynthesizer.sample`.
        columns: Scenes per row.
        width: Width of one scene on the sheet in pixels.

    Returns:
        (H, W, 3) uint8.
    """
    tiles = []
    for scene in scenes:
        scale = width / scene["img"].shape[1]
        height = round(scene["img"].shape[0] * scale)
        tile = cv2.resize(scene["img"], (width, height), interpolation=cv2.INTER_AREA)
        for instance in scene["instances"]:
            color = (60, 60, 230) if instance["ignore"] else (80, 220, 80)
            outline = np.round(instance["polygon"] * scale * 8).astype(np.int32)
            cv2.polylines(tile, [outline], True, color, 1, cv2.LINE_AA, 3)
        tiles.append(tile)
    tall = max(tile.shape[0] for tile in tiles)
    tiles = [np.pad(tile, ((0, tall - len(tile)), (0, 0), (0, 0))) for tile in tiles]
    blank = np.zeros_like(tiles[0])
    tiles += [blank] * (-len(tiles) % columns)
    return np.vstack([np.hstack(tiles[i : i + columns]) for i in range(0, len(tiles), columns)])


def encode_below(image: np.ndarray, limit: int) -> bytes:
    """The best JPEG of an image that takes at most ``limit`` bytes (quality 30 at the least)."""
    for quality in range(92, 29, -4):
        data = encode_jpeg(image, quality)
        if len(data) <= limit:
            break
    return data
