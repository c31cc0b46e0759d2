"""Polygons, vertex order, offsets, overlaps, and rotated and curved crops.

Coordinates are continuous image coordinates with y pointing down: pixel (i, j) covers the square
from (i, j) to (i + 1, j + 1), so a resize by s multiplies coordinates by s. A polygon is an (N, 2)
array of (x, y), float32 when it leaves a function of this package.
"""

from spotter.geometry.crops import (
    crop_polygon,
    crop_quad,
    grow_quad,
    grow_strip,
    native_size,
    sliding_windows,
)
from spotter.geometry.curved import curved_strip
from spotter.geometry.lines import group_lines, group_paragraphs, reading_order
from spotter.geometry.overlaps import (
    Overlaps,
    as_shapely,
    iou_matrix,
    pairwise_overlaps,
    polygon_to_shapely,
)
from spotter.geometry.polygons import (
    MAX_COORDINATE,
    as_polygon,
    as_vertices,
    clip_polygon,
    is_clockwise,
    offset_polygon,
    offset_rectangle,
    perimeter,
    polygon_area,
    shrink_distance,
    signed_area,
    transform_points,
    unclip_distance,
)
from spotter.geometry.vertex_order import (
    min_area_rect,
    order_polygon,
    order_vertices,
    polygon_sides,
    resample_polyline,
    short_side,
    strip_polygon,
)

__all__ = [
    "MAX_COORDINATE",
    "Overlaps",
    "as_polygon",
    "as_shapely",
    "as_vertices",
    "clip_polygon",
    "crop_polygon",
    "crop_quad",
    "curved_strip",
    "group_lines",
    "group_paragraphs",
    "grow_quad",
    "grow_strip",
    "iou_matrix",
    "is_clockwise",
    "min_area_rect",
    "native_size",
    "offset_polygon",
    "offset_rectangle",
    "order_polygon",
    "order_vertices",
    "pairwise_overlaps",
    "perimeter",
    "polygon_area",
    "polygon_sides",
    "polygon_to_shapely",
    "reading_order",
    "resample_polyline",
    "short_side",
    "shrink_distance",
    "signed_area",
    "sliding_windows",
    "strip_polygon",
    "transform_points",
    "unclip_distance",
]
