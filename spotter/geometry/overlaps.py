"""Intersections of polygons, vectorised with shapely 2 and an STR-tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely


def polygon_to_shapely(polygon: np.ndarray) -> shapely.Geometry:
    """A valid shapely (multi)polygon that covers what the outline covers.

    Args:
        polygon: (N, 2) vertices; the outline may cross itself. Fewer than 3 give an empty polygon.

    Returns:
        Polygon or MultiPolygon, valid, perhaps empty.
    """
    return as_shapely([polygon])[0]


def _repair(geometry: shapely.Geometry) -> shapely.Geometry:
    """Polygonal part of an invalid polygon; overlapping windings count as covered."""
    parts = shapely.get_parts(shapely.make_valid(geometry))
    areas = [part for part in parts if shapely.get_dimensions(part) == 2]
    return shapely.union_all(areas) if areas else shapely.Polygon()


def as_shapely(polygons: Sequence[np.ndarray]) -> np.ndarray:
    """Convert many polygons at once.

    Args:
        polygons: A polygons, each (N_i, 2).

    Returns:
        (A,) object array of valid shapely geometries.
    """
    geometries: np.ndarray = np.empty(len(polygons), dtype=object)
    by_count: dict[int, list[int]] = {}
    for index, polygon in enumerate(polygons):
        by_count.setdefault(len(polygon), []).append(index)
    for count, indices in by_count.items():
        if count < 3:
            geometries[indices] = shapely.Polygon()
            continue
        rings = np.stack([np.asarray(polygons[i], dtype=np.float64) for i in indices])
        geometries[indices] = shapely.polygons(rings)
    for invalid in np.flatnonzero(~shapely.is_valid(geometries)):
        geometries[invalid] = _repair(geometries[invalid])
    return geometries


@dataclass(frozen=True)
class Overlaps:
    """Areas of A and B polygons and of what each pair shares, in square pixels.

    Attributes:
        intersections: (A, B) float64.
        first_areas: (A,) float64.
        second_areas: (B,) float64.
    """

    intersections: np.ndarray
    first_areas: np.ndarray
    second_areas: np.ndarray

    @property
    def iou(self) -> np.ndarray:
        """(A, B) intersection over union in [0, 1]; 0 for pairs without area."""
        unions = self.first_areas[:, None] + self.second_areas[None, :] - self.intersections
        return _ratio(self.intersections, unions)

    @property
    def first_share(self) -> np.ndarray:
        """(A, B) share of the first polygon that the pair has in common."""
        return _ratio(self.intersections, np.broadcast_to(self.first_areas[:, None], self.shape))

    @property
    def second_share(self) -> np.ndarray:
        """(A, B) share of the second polygon that the pair has in common."""
        return _ratio(self.intersections, np.broadcast_to(self.second_areas, self.shape))

    @property
    def shape(self) -> tuple[int, int]:
        """(A, B)."""
        return len(self.first_areas), len(self.second_areas)


def _ratio(parts: np.ndarray, wholes: np.ndarray) -> np.ndarray:
    return np.divide(parts, wholes, out=np.zeros_like(parts), where=wholes > 0)


def pairwise_overlaps(first: Sequence[np.ndarray], second: Sequence[np.ndarray]) -> Overlaps:
    """Areas and intersections of all pairs; the base of every matching protocol.

    Args:
        first: A polygons, each (N_i, 2).
        second: B polygons, each (M_j, 2).

    Returns:
        See :class:`Overlaps`.
    """
    a, b = as_shapely(first), as_shapely(second)
    areas: np.ndarray = np.zeros((len(a), len(b)))
    if areas.size:
        rows, columns = shapely.STRtree(b).query(a, predicate="intersects")
        areas[rows, columns] = shapely.area(shapely.intersection(a[rows], b[columns]))
    return Overlaps(areas, shapely.area(a), shapely.area(b))


def iou_matrix(first: Sequence[np.ndarray], second: Sequence[np.ndarray]) -> np.ndarray:
    """Intersection over union of all pairs.

    Args:
        first: A polygons, each (N_i, 2).
        second: B polygons, each (M_j, 2).

    Returns:
        (A, B) float64 in [0, 1]; pairs without area give 0.
    """
    return pairwise_overlaps(first, second).iou
