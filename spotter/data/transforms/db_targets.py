"""Training maps of DBNet: Liao et al., Real-time Scene Text Detection with Differentiable
Binarization, AAAI 2020, section "Label generation"."""

from __future__ import annotations

from math import ceil, hypot

import numpy as np

from spotter.data.transforms.base import BaseTransform
from spotter.geometry import offset_polygon, polygon_area, shrink_distance
from spotter.registry import TRANSFORMS


@TRANSFORMS.register_module()
class DBTargets(BaseTransform):
    r"""Probability (shrink) and threshold maps with their masks.

    For a word of area A and perimeter L, with :math:`D = A (1 - r^2) / L` and d the distance of a
    pixel's centre to the word's outline:

    - ``shrink_map`` is 1 inside the word where d >= D, which is the outline moved inward by D;
    - ``threshold_map`` is 1 - d / D where that is positive, words combined by the maximum, then
      mapped linearly from [0, 1] to ``threshold_range``;
    - ``threshold_mask`` is 1 inside the word and where d <= D, the outline moved outward by D;
    - ``shrink_mask`` is 0 inside ignored words, 1 elsewhere.

    Erosion and dilation by a disc are level sets of d, so one distance field per word gives all
    maps without offsetting a polygon. Ignored are words marked so, words whose bounding box has a
    side below ``min_side``, whose area is below 1, or of which shrinking leaves nothing.

    Sets ``results["targets"]``: four (H, W) arrays; ``threshold_map`` float16, the others uint8.

    Args:
        shrink_ratio: r.
        min_side: Pixels.
        threshold_range: Values of the threshold map far from and on the outlines.
    """

    def __init__(
        self,
        shrink_ratio: float = 0.4,
        min_side: float = 8.0,
        threshold_range: tuple[float, float] = (0.3, 0.7),
    ) -> None:
        self.shrink_ratio = shrink_ratio
        self.min_side = min_side
        self.threshold_range = threshold_range

    def transform(self, results: dict) -> dict:
        height, width = results["img"].shape[:2]
        results["targets"] = self.maps(results.get("instances", []), height, width)
        return results

    def maps(self, instances: list[dict], height: int, width: int) -> dict[str, np.ndarray]:
        """The four maps of size (height, width) for canonical instances in that frame."""
        shrink_map: np.ndarray = np.zeros((height, width), np.uint8)
        shrink_mask: np.ndarray = np.ones((height, width), np.uint8)
        low, high = self.threshold_range
        threshold_map: np.ndarray = np.full((height, width), low, np.float16)
        # Positive half floats order as their bits do, and integers compare far faster.
        threshold_bits: np.ndarray = threshold_map.view(np.uint16)
        threshold_mask: np.ndarray = np.zeros((height, width), np.uint8)
        for instance in instances:
            polygon = np.asarray(instance["polygon"], np.float64)
            offset = self._offset(instance, polygon)
            window = _window(polygon, offset, height, width)
            if window is None:
                continue
            local = polygon - (window[1].start, window[0].start)
            inside = _inside(local, shrink_mask[window].shape)
            if offset > 0:
                distance = _outline_distance(local, inside.shape)
                kernel = inside & (distance >= offset)
                if kernel.any() or self._leaves_frame(polygon, offset, height, width):
                    shrink_map[window] |= kernel
                    threshold_mask[window] |= inside | (distance <= offset)
                    distance *= (low - high) / offset
                    distance += high
                    bits = np.maximum(distance, low, out=distance).astype(np.float16)
                    np.maximum(
                        threshold_bits[window], bits.view(np.uint16), out=threshold_bits[window]
                    )
                    continue
            shrink_mask[window][inside] = 0
        return {
            "shrink_map": shrink_map,
            "shrink_mask": shrink_mask,
            "threshold_map": threshold_map,
            "threshold_mask": threshold_mask,
        }

    def _offset(self, instance: dict, polygon: np.ndarray) -> float:
        """D in pixels, or 0 for a word to be ignored."""
        sides = polygon.max(axis=0) - polygon.min(axis=0)
        if instance["ignore"] or sides.min() < self.min_side or polygon_area(polygon) < 1.0:
            return 0.0
        return shrink_distance(polygon, self.shrink_ratio)

    @staticmethod
    def _leaves_frame(polygon: np.ndarray, offset: float, height: int, width: int) -> bool:
        """Whether the kernel exists and merely lies outside of the frame."""
        if polygon.min() >= 0 and (polygon <= (width, height)).all():
            return False
        return bool(offset_polygon(polygon, -offset))


def _window(
    polygon: np.ndarray, margin: float, height: int, width: int
) -> tuple[slice, slice] | None:
    """Rows and columns of the frame that a grown outline touches, or None."""
    low = np.floor(polygon.min(axis=0) - margin).astype(int)
    high = np.ceil(polygon.max(axis=0) + margin).astype(int)
    left, top = max(int(low[0]), 0), max(int(low[1]), 0)
    right, bottom = min(int(high[0]), width), min(int(high[1]), height)
    if left >= right or top >= bottom:
        return None
    return slice(top, bottom), slice(left, right)


def _inside(polygon: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """(h, w) bool: pixel centres inside the outline, by the even-odd rule."""
    height, width = shape
    columns = np.arange(width, dtype=np.float32) + 0.5
    inside: np.ndarray = np.zeros((height, width), bool)
    points = polygon.tolist()
    for (x0, y0), (x1, y1) in zip(points, points[1:] + points[:1], strict=True):
        # Half-open in y, so that a ray through a vertex crosses one of its two edges.
        top, bottom = sorted((y0, y1))
        first, last = max(ceil(top - 0.5), 0), min(ceil(bottom - 0.5), height)
        if first >= last:
            continue
        rows = np.arange(first, last) + 0.5
        crossings = (x0 + (rows - y0) * ((x1 - x0) / (y1 - y0))).astype(np.float32)
        inside[first:last] ^= columns < crossings[:, None]
    return inside


def _outline_distance(polygon: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """(h, w) float32: distance of pixel centres to the nearest edge of the outline."""
    height, width = shape
    rows = np.arange(height, dtype=np.float32)[:, None] + np.float32(0.5)
    columns = np.arange(width, dtype=np.float32) + np.float32(0.5)
    squared: np.ndarray = np.full((height, width), np.inf, np.float32)
    across: np.ndarray = np.empty((height, width), np.float32)
    beyond: np.ndarray = np.empty((height, width), np.float32)
    clamped: np.ndarray = np.empty((height, width), np.float32)
    points = polygon.tolist()
    for (x0, y0), (x1, y1) in zip(points, points[1:] + points[:1], strict=True):
        length = hypot(x1 - x0, y1 - y0)
        if length == 0.0:
            continue
        # Python floats leave the arrays in float32.
        ux, uy = (x1 - x0) / length, (y1 - y0) / length
        x, y = columns - x0, rows - y0
        np.subtract(x * uy, y * ux, out=across)
        np.add(x * ux, y * uy, out=beyond)
        # Past either end of the edge its end point is nearest, not its line.
        np.maximum(beyond, 0.0, out=clamped)
        np.minimum(clamped, length, out=clamped)
        beyond -= clamped
        np.multiply(across, across, out=across)
        np.multiply(beyond, beyond, out=beyond)
        across += beyond
        np.minimum(squared, across, out=squared)
    return np.sqrt(squared, out=squared)
