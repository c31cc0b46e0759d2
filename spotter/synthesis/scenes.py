"""Synthetic photos with many words and exact polygons of words and characters.

Blocks of text are laid on calm regions of a photo under one common perspective, some on plates of
their own as signs are, some straight on the surface; after all are painted, one camera sees them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from spotter.errors import ConfigError
from spotter.geometry import transform_points
from spotter.synthesis.backgrounds import BackgroundBank
from spotter.synthesis.blocks import TextBlock, block_words, set_block, set_curved_block
from spotter.synthesis.colors import contrasting, lower_contrast, luma, paint
from spotter.synthesis.degradations import degrade
from spotter.synthesis.effects import blend, needed_contrast, paint_text, readable
from spotter.synthesis.fonts import FontBank
from spotter.synthesis.layout import see_mask
from spotter.synthesis.pages.outlines import visible_outline
from spotter.synthesis.text import TextSource

# Labels of words lower than this many pixels are ignored, as ICDAR2015 marks them illegible.
LEAST_HEIGHT = 8.0
_CELL = 4
# Mean gradient of the photo, in grey levels per cell, above which bare letters drown.
_BUSY = 45.0
_SIZES = (32, 48, 96, 192)


@dataclass
class _Placement:
    """Where a block lies.

    Attributes:
        matrix: 3x3 from the block's pixels to the photo's.
        scale: Photo pixels per block pixel, about.
        corners: (4, 2) of the block with a rim around it, in the photo.
    """

    matrix: np.ndarray
    scale: float
    corners: np.ndarray


class SceneSynthesizer:
    """Draws scenes, each from its own seed.

    Args:
        fonts: Fonts to draw with.
        text_source: What the words say.
        backgrounds: Photos or folders of them; ``None`` paints surfaces.
        size: Height and width of a scene in pixels, each at least 64.
        seed: Sample ``index`` depends on (seed, index) and on nothing else.
        curved: Share of blocks that are words along circles, arcs and waves, in [0, 1].

    Raises:
        ConfigError: ``size`` is too small, or ``curved`` no share.
    """

    def __init__(
        self,
        fonts: FontBank,
        text_source: TextSource,
        backgrounds: Sequence[str] | None = None,
        size: tuple[int, int] = (640, 640),
        seed: int = 0,
        curved: float = 0.0,
    ) -> None:
        if min(size) < 64:
            raise ConfigError(f"scenes of {size[1]}x{size[0]} pixels are too small for text")
        if not 0 <= curved <= 1:
            raise ConfigError(f"curved={curved} is no share of the blocks of scenes")
        self.curved = curved
        self.fonts = fonts
        self.text_source = text_source
        self.backgrounds = BackgroundBank(backgrounds, side=640)
        self.size = size
        self.seed = seed

    def sample(self, index: int) -> dict[str, Any]:
        """One scene.

        Args:
            index: Number of the sample, at least 0.

        Returns:
            ``img``: (H, W, 3) uint8 BGR. ``instances``: one dict per word with ``polygon`` (4, 2)
            or (2n, 2) float32, clockwise from the first character's top-left corner; ``text``,
            ``None`` where ignored; ``ignore``; ``characters`` (L, 4, 2) float32.
        """
        rng = np.random.default_rng([self.seed, index])
        image = self._photo(rng)
        view = _camera(rng, self.size)
        calm = _Calm(image)
        wanted = float(np.clip(np.exp(rng.normal(2.8, 0.7)), 3, 90))
        ink: np.ndarray = np.zeros(self.size, np.uint8)
        instances: list[dict[str, Any]] = []
        for _ in range(60):
            if len(instances) >= wanted:
                break
            instances += self._add_block(rng, image, ink, view, calm)
        photo = degrade(rng, image, 13.0, haze=0.08)
        for instance in instances:
            if not instance["ignore"] and not _legible(photo, ink, instance["polygon"]):
                instance.update(ignore=True, text=None)
        return {"img": photo, "instances": instances}

    def _photo(self, rng: np.random.Generator) -> np.ndarray:
        """(H, W, 3) float32 to write on, one to four photos or surfaces side by side."""
        height, width = self.size
        image: np.ndarray = self.backgrounds.patch(rng, height, width, closest=0.4).astype(
            np.float32
        )
        for _ in range(int(rng.random() * 2.4)):
            # A wall, poster or shop window that covers a part.
            tall, wide = (int(side * (0.2 + 0.6 * rng.random())) for side in (height, width))
            top = int(rng.random() * (height - tall))
            left = int(rng.random() * (width - wide))
            region = image[top : top + tall, left : left + wide]
            if rng.random() < 0.5:
                region[:] = self.backgrounds.patch(rng, tall, wide, closest=0.25)
            else:
                region[:] = paint(rng)
                region *= np.linspace(1, 0.7 + 0.6 * rng.random(), tall)[:, None, None]
        return image

    def _letter_height(self, rng: np.random.Generator) -> float:
        """Pixels of a capital: the sizes of ICDAR2015, some large, some too small to read."""
        shape = rng.random()
        if shape < 0.07:
            height = 40 + 120 * rng.random()
        elif shape < 0.2:
            height = 4 + 4 * rng.random()
        else:
            height = float(np.exp(rng.normal(3.1, 0.5)))
        return min(height, min(self.size) * 0.25)

    def _add_block(
        self,
        rng: np.random.Generator,
        image: np.ndarray,
        ink: np.ndarray,
        view: np.ndarray,
        calm: _Calm,
    ) -> list[dict[str, Any]]:
        """Set, place and paint one block; nothing happens where it finds no room."""
        curved = self.curved > 0 and rng.random() < self.curved
        letters = self._letter_height(rng)
        if curved:
            # Logos and seals are seen from near.
            letters = min(max(letters, 12.0) * (1.0 + rng.random()), min(self.size) * 0.2)
        em = letters / 0.7
        size = next((size for size in _SIZES if size >= em), _SIZES[-1])
        if curved:
            block = set_curved_block(rng, self.fonts, self.text_source, size)
        else:
            lines = block_words(rng, self.text_source)
            if letters > 40:
                lines = [line[:2] for line in lines[:2]]
            block = set_block(rng, self.fonts, lines, size)
        tall, wide = block.ink.shape
        scale = min(em / size, 0.8 * self.size[1] / wide, 0.8 * self.size[0] / tall)
        placement = self._place(rng, block, scale, view, calm)
        if placement is None:
            return []
        # On a busy surface the text is put on a board.
        plate = rng.random() < 0.45 or calm.cost(placement.corners) > _BUSY
        calm.occupy(placement.corners)
        legible = self._paint_block(rng, image, ink, block, placement, plate)
        return _instances(block, placement, self.size, legible)

    def _place(
        self,
        rng: np.random.Generator,
        block: TextBlock,
        scale: float,
        view: np.ndarray,
        calm: _Calm,
    ) -> _Placement | None:
        """The calmest of some random free places, under the scene's perspective."""
        height, width = block.ink.shape
        rim = block.line_height * (0.25 + 0.6 * rng.random())
        box = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
        box += np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * rim
        angle = rng.normal(0, 1.5) if rng.random() < 0.85 else rng.normal(0, 18)
        cos, sin = np.cos(np.deg2rad(angle)) * scale, np.sin(np.deg2rad(angle)) * scale
        best: _Placement | None = None
        least = np.inf
        for _ in range(16):
            x, y = rng.random(2) * 1.1 - 0.05
            middle = np.array([x * self.size[1], y * self.size[0]])
            offset = middle - np.array([[cos, -sin], [sin, cos]]) @ np.array([width, height]) / 2
            local = np.array([[cos, -sin, offset[0]], [sin, cos, offset[1]], [0, 0, 1]])
            matrix = view @ local
            corners = transform_points(box, matrix)
            cost = calm.cost(corners)
            if cost < least:
                least, best = cost, _Placement(matrix, scale, corners)
        return best

    def _paint_block(
        self,
        rng: np.random.Generator,
        image: np.ndarray,
        inked: np.ndarray,
        block: TextBlock,
        placement: _Placement,
        plate: bool,
    ) -> bool:
        """Paint in place and add to the scene's ink; False where it is out of focus."""
        unit = block.line_height * placement.scale
        pad = int(2 + unit * 0.6)
        low = np.maximum(np.floor(placement.corners.min(axis=0)).astype(int) - pad, 0)
        high = np.minimum(
            np.ceil(placement.corners.max(axis=0)).astype(int) + pad, image.shape[1::-1]
        )
        if (high - low).min() < 4:
            return False
        region = image[low[1] : high[1], low[0] : high[0]]
        shape = region.shape[:2]
        move = np.array([[1, 0, -low[0]], [0, 1, -low[1]], [0, 0, 1]])
        ink = see_mask(block.ink, move @ placement.matrix, shape, placement.scale)
        if not ink.any():
            return False
        covered = inked[low[1] : high[1], low[0] : high[0]]
        np.maximum(covered, ink, out=covered)
        area = np.zeros(shape, np.uint8)
        cv2.fillConvexPoly(area, np.round(placement.corners - low).astype(np.int32), 255)
        if plate:
            self._paint_plate(rng, region, placement.corners - low, unit)
        ground = region[area > 0] if area.any() else region.reshape(-1, 3)
        mean = ground.mean(axis=0)
        color = contrasting(rng, mean, needed_contrast(ground[None]))
        if rng.random() < 0.15:
            color = lower_contrast(rng, color, mean)

        def texture() -> np.ndarray:
            return self.backgrounds.patch(rng, *shape)

        paint_text(rng, region, ink.astype(np.float32) / 255, color, unit, texture)
        if rng.random() < 0.35:
            soft = cv2.GaussianBlur(region, (0, 0), unit * (0.02 + 0.05 * rng.random()))
            region[:] = soft
        if rng.random() < 0.04:
            # Out of the depth of field, and so illegible.
            cover = cv2.GaussianBlur(area, (0, 0), 1 + unit * 0.3).astype(np.float32) / 255
            blend(
                region, cover, cv2.GaussianBlur(region, (0, 0), unit * (0.3 + 0.2 * rng.random()))
            )
            return False
        return True

    def _paint_plate(
        self, rng: np.random.Generator, region: np.ndarray, corners: np.ndarray, unit: float
    ) -> None:
        """The board of a sign, with a rim or a fade or some of the surface shining through."""
        fine = np.round(corners * 16).astype(np.int32)
        alpha = np.zeros(region.shape[:2], np.uint8)
        cv2.fillConvexPoly(alpha, fine, 255, cv2.LINE_AA, 4)
        cover = alpha.astype(np.float32) / 255
        if rng.random() < 0.3:
            blend(region, cv2.GaussianBlur(cover, (0, 0), 1 + unit * 0.15), np.zeros(3, np.float32))
        color = paint(rng)
        shape = rng.random()
        if shape < 0.35:
            region += (color - region) * cover[..., None]
        elif shape < 0.75:
            detail = region - cv2.GaussianBlur(region, (0, 0), 2 + unit / 2)
            face = color + detail * np.float32(0.6 * rng.random())
            region += (face - region) * cover[..., None]
        else:
            fade = np.linspace(0, 1, region.shape[1], dtype=np.float32)[None, :, None]
            region += (color + (paint(rng) - color) * 0.35 * fade - region) * cover[..., None]
        if rng.random() < 0.35:
            rim = contrasting(rng, color, 40.0).tolist()
            thick = max(1, round(unit * 0.1 * rng.random()))
            cv2.polylines(region, [fine], True, rim, thick, cv2.LINE_AA, 4)
        np.clip(region, 0, 255, out=region)


class _Calm:
    """Where on the photo text may go: free cells, and how busy each one is."""

    def __init__(self, image: np.ndarray) -> None:
        grey = luma(image)
        small = cv2.resize(grey, None, fx=1 / _CELL, fy=1 / _CELL, interpolation=cv2.INTER_AREA)
        dx = cv2.Sobel(small, cv2.CV_32F, 1, 0)
        dy = cv2.Sobel(small, cv2.CV_32F, 0, 1)
        self._busy = cv2.magnitude(dx, dy)
        self._taken = np.zeros(small.shape, np.uint8)

    def _cells(self, corners: np.ndarray, value: int) -> np.ndarray:
        mask = np.zeros(self._taken.shape, np.uint8)
        cv2.fillConvexPoly(mask, np.round(corners / _CELL).astype(np.int32), value)
        return mask

    def cost(self, corners: np.ndarray) -> float:
        """Mean gradient under a quad; infinite where it is taken or too much lies outside."""
        height, width = (side * _CELL for side in self._taken.shape)
        corners = corners.astype(np.float32)
        clipped = np.clip(corners, 0, np.array([width, height], np.float32))
        whole, inside = cv2.contourArea(corners), cv2.contourArea(clipped)
        if whole < 8 or inside < 0.8 * whole or not cv2.isContourConvex(corners):
            return float("inf")
        cells = self._cells(corners, 1)
        if cv2.bitwise_and(cells, self._taken).any():
            return float("inf")
        return cv2.mean(self._busy, cells)[0]

    def occupy(self, corners: np.ndarray) -> None:
        """Take a quad and one cell around it."""
        cells = cv2.dilate(self._cells(corners, 1), np.ones((3, 3), np.uint8))
        np.maximum(self._taken, cells, out=self._taken)


def _camera(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """3x3 homography from a wall seen head-on to the photo; ``size`` is (height, width)."""
    height, width = size
    focal = 1.2 * max(size)
    strong = rng.random() < 0.35
    yaw, pitch = np.deg2rad(rng.normal(0, (18, 9) if strong else (6, 4)))
    roll = np.deg2rad(rng.normal(0, 11 if rng.random() < 0.4 else 2.5))
    yaw, pitch = np.clip([yaw, pitch], -0.7, 0.7)
    turn_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    turn_x = np.array(
        [[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]]
    )
    turn_z = np.array(
        [[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]]
    )
    turned = turn_z @ turn_x @ turn_y
    lens = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])
    # Points (X, Y, 0) of the wall, at the distance where it fills the photo.
    wall = np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 0]])
    return lens @ (turned @ wall + np.array([[0, 0, 0], [0, 0, 0], [0, 0, focal]]))


def _instances(
    block: TextBlock, placement: _Placement, size: tuple[int, int], legible: bool
) -> list[dict[str, Any]]:
    """Labels of a block's words; those outside the photo are left out, cut ones are ignored."""
    frame = np.array([size[1], size[0]], np.float32)
    found = []
    for word in block.words:
        polygon = transform_points(word.polygon, placement.matrix)
        inside = ((polygon >= 0) & (polygon <= frame)).all(axis=1)
        outline = visible_outline(polygon, size)
        if outline is None:
            continue
        short = _least_side(polygon)
        ignore = not legible or not inside.all() or short < LEAST_HEIGHT * 0.75
        found.append(
            {
                "polygon": outline,
                "text": None if ignore else word.text,
                "ignore": bool(ignore),
                "characters": transform_points(word.characters, placement.matrix),
            }
        )
    return found


def _legible(photo: np.ndarray, ink: np.ndarray, polygon: np.ndarray) -> bool:
    """Whether a word's ink still differs from its surroundings in the finished photo."""
    x, y, width, height = cv2.boundingRect(polygon.astype(np.float32))
    rows, columns = slice(max(0, y - 2), y + height + 2), slice(max(0, x - 2), x + width + 2)
    return readable(photo[rows, columns], ink[rows, columns], 12.0)


def _least_side(polygon: np.ndarray) -> float:
    """Length of the shorter side of the smallest rectangle around a polygon."""
    return float(min(cv2.minAreaRect(polygon.astype(np.float32))[1]))
