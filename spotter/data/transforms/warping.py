"""Warps of images and of the polygons on them, in continuous coordinates (see spotter.geometry)."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from spotter.geometry import clip_polygon, polygon_area, transform_points

# ImageNet's mean in BGR: what lies outside the photo becomes zero after normalisation.
BORDER_VALUE = (104, 116, 124)


def warp_affine(image: np.ndarray, matrix: np.ndarray, width: int, height: int) -> np.ndarray:
    """Warp an image with a matrix over continuous coordinates (pixel centres at halves)."""
    linear = np.linalg.inv(matrix[:, :2])
    offset = linear @ (0.5 - matrix[:, 2]) - 0.5
    # OpenCV takes the inverse map; with the forward map it takes a third more time.
    return cv2.warpAffine(
        image,
        np.column_stack([linear, offset]),
        (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=BORDER_VALUE,
    )


def warp_instances(
    instances: Sequence[dict],
    matrix: np.ndarray,
    width: int,
    height: int,
    min_visible: float,
    mirrored: bool = False,
) -> list[dict]:
    """Move instances with an image, and clip them to its new frame.

    Args:
        instances: Canonical instances; not modified.
        matrix: (2, 3) map over continuous coordinates.
        width: Width of the new frame.
        height: Height of the new frame.
        min_visible: Least visible share of a cut instance's area; below it, it is ignored.
        mirrored: The matrix mirrors: vertices are put back into clockwise order.

    Returns:
        New instances; those outside of the frame are dropped.
    """
    if not instances:
        return []
    ends = np.cumsum([len(instance["polygon"]) for instance in instances])
    starts = np.concatenate([[0], ends[:-1]])
    points = transform_points(np.concatenate([item["polygon"] for item in instances]), matrix)
    low, high = np.minimum.reduceat(points, starts), np.maximum.reduceat(points, starts)
    outside = np.asarray(((low >= (width, height)) | (high <= 0)).any(axis=1))
    cut = np.asarray(((low < 0) | (high > (width, height))).any(axis=1))
    moved = []
    for number, instance in enumerate(instances):
        if outside[number]:
            continue
        polygon = points[starts[number] : ends[number]]
        if mirrored:
            polygon = mirror_vertices(polygon)
        ignore = instance["ignore"]
        if cut[number]:
            clipped = clip_polygon(polygon, width, height)
            if clipped is None:
                continue
            ignore = ignore or polygon_area(clipped) < min_visible * polygon_area(polygon)
            polygon = clipped
        moved.append({**instance, "polygon": polygon, "ignore": ignore})
    return moved


def mirror_vertices(polygon: np.ndarray) -> np.ndarray:
    """Vertices of a mirrored outline, clockwise from the corner that is now first."""
    turned, half = polygon[::-1], len(polygon) // 2
    return np.concatenate([turned[half:], turned[:half]])


def warp_corners(
    image: np.ndarray, corners: np.ndarray, width: int, height: int, black_border: bool = False
) -> np.ndarray:
    """Warp the quadrilateral ``corners`` of an image to a (height, width) rectangle.

    Args:
        image: (H, W, 3) uint8.
        corners: (4, 2), continuous coordinates, clockwise from the top-left.
        width: Width of the result.
        height: Height of the result.
        black_border: What lies outside of the image is black; otherwise it repeats the border.
    """
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) - 0.5
    # cv2 counts from pixel centres, hence the halves on both sides.
    matrix = cv2.getPerspectiveTransform(target, (corners - 0.5).astype(np.float32))
    return cv2.warpPerspective(
        image,
        matrix,
        (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT if black_border else cv2.BORDER_REPLICATE,
    )
