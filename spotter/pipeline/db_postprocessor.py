"""From a probability map to words (Liao et al., AAAI 2020, section 3.5).

With ``split_threshold``, touching words are separated by a second, higher threshold. The parts of a
region above it are kernels, which grow back into the region as the kernels of PSENet do (Wang et
al., CVPR 2019): each pixel is assigned to the nearest kernel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np

from spotter.errors import ConfigError, WeightsError
from spotter.geometry import (
    curved_strip,
    offset_polygon,
    offset_rectangle,
    order_polygon,
    order_vertices,
    strip_polygon,
    unclip_distance,
)
from spotter.structures import TextInstance

_CURVED_SIDE, _CURVED_LENGTH = 6.0, 16.0
"""Sides in pixels of the map of the smallest region that may count as curved."""


class DBPostprocessor:
    """Binarize the map, separate touching words, trace outlines, score them, and expand them.

    Args:
        binary_threshold: Pixels above it are text.
        min_score: Words whose mean probability is lower are dropped.
        unclip_ratio: The outline grows by ``area * unclip_ratio / perimeter`` pixels.
        min_side: Shortest side of the shrunk box, in pixels of the map.
        max_candidates: At most this many contours are used, the largest ones.
        shape: ``"quad"`` for rotated rectangles, ``"polygon"`` for outlines of curved words,
            ``"auto"`` for strips (:func:`curved_strip`) where words are curved and rectangles
            elsewhere.
        epsilon: Tolerance of the polygon approximation as a share of the contour's length.
        split_threshold: A region with several parts above this value is split into one word per
            part; ``None``: every region is one word.
        min_part_area: Least number of pixels of such a part.
        max_fill: With ``"auto"``, a region can only be curved if it fills at most this share of its
            smallest enclosing rectangle.

    Raises:
        ConfigError: Unknown shape, or a ``split_threshold`` that is not above the other.
    """

    def __init__(
        self,
        binary_threshold: float = 0.3,
        min_score: float = 0.5,
        unclip_ratio: float = 1.5,
        min_side: float = 2.0,
        max_candidates: int = 1000,
        shape: str = "quad",
        epsilon: float = 0.005,
        split_threshold: float | None = None,
        min_part_area: float = 8.0,
        max_fill: float = 0.8,
    ) -> None:
        if shape not in ("quad", "polygon", "auto"):
            raise ConfigError(f'shape must be "quad", "polygon" or "auto", not "{shape}"')
        if split_threshold is not None and split_threshold <= binary_threshold:
            raise ConfigError(
                f"split_threshold {split_threshold} is not above binary_threshold"
                f" {binary_threshold}"
            )
        self.binary_threshold = binary_threshold
        self.min_score = min_score
        self.unclip_ratio = unclip_ratio
        self.min_side = min_side
        self.max_candidates = max_candidates
        self.shape = shape
        self.epsilon = epsilon
        self.split_threshold = split_threshold
        self.min_part_area = min_part_area
        self.max_fill = max_fill

    def __call__(
        self,
        probability: np.ndarray,
        scale: tuple[float, float] = (1.0, 1.0),
        size: tuple[int, int] | None = None,
    ) -> list[TextInstance]:
        """Words of one map.

        Args:
            probability: (H, W) float32 in [0, 1]; padding already cut off.
            scale: (x, y) factors from photo pixels to map pixels.
            size: (height, width) of the photo; polygons are clipped to it.

        Returns:
            Words with ordered polygons in photo pixels and ``detection_score``.
        """
        binary = (probability > self.binary_threshold).astype(np.uint8)
        contours, _ = cv2.findContours(binary, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
        if self.split_threshold is not None:
            kernels = (probability > self.split_threshold).astype(np.uint8)
            contours = split_regions(binary, contours, kernels, self.min_part_area)
        if len(contours) > self.max_candidates:
            contours = sorted(contours, key=cv2.contourArea, reverse=True)[: self.max_candidates]
        words = []
        for contour in contours:
            found = self._word(probability, contour.reshape(-1, 2))
            if found is None:
                continue
            polygon, score = found
            polygon = polygon / np.asarray(scale, np.float32)
            if size is not None:
                polygon[:, 0] = polygon[:, 0].clip(0, size[1])
                polygon[:, 1] = polygon[:, 1].clip(0, size[0])
            polygon = order_vertices(polygon) if len(polygon) == 4 else order_polygon(polygon)
            words.append(TextInstance(polygon=polygon, detection_score=score))
        return words

    def _word(
        self, probability: np.ndarray, contour: np.ndarray
    ) -> tuple[np.ndarray, float] | None:
        (centre, (w, h), angle) = cv2.minAreaRect(contour)
        if min(w, h) + 1 < self.min_side:
            return None
        score = mean_inside(probability, contour)
        if score < self.min_score:
            return None
        # Contours run through the centres of the outermost pixels; words end at those pixels' rims.
        outline = contour.astype(np.float32) + np.float32(0.5)
        if self.shape == "polygon":
            grown = self._grow_polygon(outline)
            return None if grown is None else (grown, score)
        if self.shape == "auto" and is_curved(contour, (w, h), self.max_fill):
            strip = curved_strip(outline, self.unclip_ratio)
            if strip is not None:
                return strip, score
        corners = cv2.boxPoints((centre, (w + 1, h + 1), angle)) + np.float32(0.5)
        return offset_rectangle(corners, unclip_distance(corners, self.unclip_ratio)), score

    def _grow_polygon(self, outline: np.ndarray) -> np.ndarray | None:
        tolerance = self.epsilon * cv2.arcLength(outline, True)
        corners = cv2.approxPolyDP(outline, tolerance, True).reshape(-1, 2)
        if len(corners) < 4:
            return None
        distance = unclip_distance(corners, self.unclip_ratio) + 0.5
        parts = offset_polygon(corners, distance, join_style="mitre")
        return strip_polygon(parts[0]) if len(parts) == 1 else None


def split_regions(
    binary: np.ndarray, contours: Sequence[np.ndarray], kernels: np.ndarray, min_area: float
) -> list[np.ndarray]:
    """Replace the contours of regions that hold several kernels by one contour for each kernel.

    Args:
        binary: (H, W) uint8, the regions.
        contours: Theirs, (N, 1, 2) each, with or without those of their holes.
        kernels: (H, W) uint8, within the regions.
        min_area: Pixels of the smallest kernel that counts, about (its outline is measured).

    Returns:
        Contours (N, 1, 2).
    """
    found, _ = cv2.findContours(kernels, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if len(found) < 2:
        return list(contours)
    _, regions = cv2.connectedComponents(binary)
    inside: dict[int, list[np.ndarray]] = {}
    for kernel in found:
        # An outline runs through the outermost pixels: half of its length is missing in its area.
        if cv2.contourArea(kernel) + cv2.arcLength(kernel, True) / 2 + 1 >= min_area:
            x, y = kernel[0, 0]
            inside.setdefault(int(regions[y, x]), []).append(kernel)
    parts = []
    for contour in contours:
        x, y = contour[0, 0]
        region = int(regions[y, x])
        several = inside.get(region, ())
        if len(several) == 1 or region not in inside:
            parts.append(contour)
        elif several:
            parts += _grow_kernels(regions, region, contour, several)
            # Nothing remains to be done for the region's other contours, its holes.
            inside[region] = []
    return parts


def _grow_kernels(
    regions: np.ndarray, region: int, contour: np.ndarray, kernels: Sequence[np.ndarray]
) -> list[np.ndarray]:
    """Contours of the parts of a region, each of the pixels that are nearest to one kernel."""
    outlines = np.concatenate([contour, *kernels])[:, 0]
    low, high = outlines.min(axis=0), outlines.max(axis=0) + 1
    own = regions[low[1] : high[1], low[0] : high[0]] == region
    far: np.ndarray = np.ones(own.shape, np.uint8)
    cv2.drawContours(far, kernels, -1, 0, cv2.FILLED, offset=(-int(low[0]), -int(low[1])))
    _, nearest = cv2.distanceTransformWithLabels(far, cv2.DIST_L2, 5)
    parts = []
    # A kernel within the hole of another one has been filled over.
    for label in dict.fromkeys(int(nearest[y, x]) for x, y in (k[0, 0] - low for k in kernels)):
        part = ((nearest == label) & own).astype(np.uint8)
        pieces, _ = cv2.findContours(part, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        parts.append(max(pieces, key=cv2.contourArea) + low)
    return parts


def is_curved(contour: np.ndarray, sides: tuple[float, float], max_fill: float) -> bool:
    """Whether a region is bent so much that a rectangle around it holds much else.

    Args:
        contour: (N, 2) its outline, through the centres of its outermost pixels.
        sides: Those of the smallest rectangle around the contour.
        max_fill: Largest share of that rectangle that a curved region fills.

    Returns:
        ``False`` for small regions, whose outlines are too coarse to tell.
    """
    if min(sides) < _CURVED_SIDE or max(sides) < _CURVED_LENGTH:
        return False
    # Half of the outermost pixels lies outside of the contour, of both shapes alike.
    area = cv2.contourArea(contour) + cv2.arcLength(contour, True) / 2
    return bool(area < max_fill * (sides[0] + 1) * (sides[1] + 1))


def mean_inside(probability: np.ndarray, polygon: np.ndarray) -> float:
    """Mean of a map (H, W) over the pixels whose centres a polygon (N, 2) covers."""
    height, width = probability.shape
    low = np.floor(polygon.min(axis=0)).astype(int).clip(0, (width - 1, height - 1))
    high = np.ceil(polygon.max(axis=0)).astype(int).clip(0, (width - 1, height - 1))
    mask = np.zeros((high[1] - low[1] + 1, high[0] - low[0] + 1), np.uint8)
    cv2.fillPoly(mask, [np.round(polygon - low).astype(np.int32)], 1)
    return float(cv2.mean(probability[low[1] : high[1] + 1, low[0] : high[0] + 1], mask)[0])


def postprocessor_of(header: Mapping[str, Any]) -> DBPostprocessor:
    """The post-processor of the model's config, with the header's own values on top.

    Raises:
        WeightsError: The header names another one, or its values do not fit.
    """
    options = {**header["config"].get("postprocessor", {}), **header["postprocessing"]}
    kind = options.pop("type", "DBPostprocessor")
    if kind != "DBPostprocessor":
        raise WeightsError(f"{header['name']}: no post-processor {kind!r} in this version")
    try:
        return DBPostprocessor(**options)
    except (ConfigError, TypeError, ValueError) as error:
        raise WeightsError(f"{header['name']}: postprocessing of the header: {error}") from None
