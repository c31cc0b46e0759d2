"""DB's maps against hand-worked numbers and a per-pixel reference made with shapely."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spotter.data.transforms import DBTargets
from spotter.geometry import polygon_area, shrink_distance


def word(polygon, ignore=False):
    return {"polygon": np.asarray(polygon, np.float32), "text": None, "ignore": ignore}


def box(x0, y0, x1, y1, **options):
    return word([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], **options)


def reference(instances, height, width, ratio=0.4):
    """The definition, pixel by pixel: shapely offsets the outline and measures distances."""
    shrink_map, shrink_mask = np.zeros((height, width)), np.ones((height, width))
    threshold, threshold_mask = np.zeros((height, width)), np.zeros((height, width))
    for item in instances:
        polygon = shapely.Polygon(item["polygon"].astype(float))
        offset = polygon.area * (1 - ratio**2) / polygon.length
        kernel = polygon.buffer(-offset, join_style="mitre")
        support = polygon.buffer(offset, quad_segs=64)
        for y in range(height):
            for x in range(width):
                pixel = shapely.Point(x + 0.5, y + 0.5)
                if item["ignore"]:
                    shrink_mask[y, x] *= not polygon.contains(pixel)
                    continue
                shrink_map[y, x] = max(shrink_map[y, x], kernel.contains(pixel))
                threshold_mask[y, x] = max(threshold_mask[y, x], support.contains(pixel))
                distance = polygon.exterior.distance(pixel)
                threshold[y, x] = max(threshold[y, x], 1 - np.clip(distance / offset, 0, 1))
    return {
        "shrink_map": shrink_map,
        "shrink_mask": shrink_mask,
        "threshold_map": 0.3 + 0.4 * threshold,
        "threshold_mask": threshold_mask,
    }


def assert_equal_maps(instances, height, width, strays):
    """``strays``: pixels whose centre lies on an outline to within rounding may differ."""
    maps = DBTargets(min_side=1).maps(instances, height, width)
    expected = reference(instances, height, width)
    for name in ("shrink_map", "shrink_mask", "threshold_mask"):
        assert maps[name].dtype == np.uint8
        assert (maps[name] != expected[name]).sum() <= strays, name
    assert maps["threshold_map"].dtype == np.float16
    np.testing.assert_allclose(maps["threshold_map"], expected["threshold_map"], atol=5e-4)


def test_rectangle_by_hand():
    """A = 800, L = 120, D = 800 * 0.84 / 120 = 5.6."""
    maps = DBTargets().maps([box(10, 10, 50, 30)], 64, 80)
    # Centres in [15.6, 44.4] x [15.6, 24.4]: columns 16 to 43, rows 16 to 23.
    expected = np.zeros((64, 80))
    expected[16:24, 16:44] = 1
    np.testing.assert_array_equal(maps["shrink_map"], expected)
    # Half a pixel inside and outside of the left edge, and 5.5 outside of the top.
    for row, column, distance in ((20, 10, 0.5), (20, 9, 0.5), (4, 30, 5.5)):
        value = 0.3 + 0.4 * (1 - distance / 5.6)
        np.testing.assert_allclose(maps["threshold_map"][row, column], value, atol=3e-4)
        assert maps["threshold_mask"][row, column] == 1
    np.testing.assert_allclose(maps["threshold_map"][3, 30], 0.3, atol=2e-4)
    assert maps["threshold_mask"][3, 30] == 0
    # The grown outline has round corners: (4.5, 4.5) is 7.8 px from the corner, (6.5, 6.5) is 4.9.
    assert maps["threshold_mask"][4, 4] == 0
    assert maps["threshold_mask"][6, 6] == 1
    assert maps["shrink_mask"].all()


def test_agrees_with_the_definition():
    tilted = word([[8.3, 12.1], [35.2, 5.4], [38.9, 18.2], [10.4, 26.7]])
    trapezium = word([[30.5, 22.25], [52.1, 24.4], [50.2, 37.9], [33.3, 31.8]])
    ignored = word([[2.2, 30.3], [17.7, 33.1], [15.4, 38.6], [3.9, 37.2]], ignore=True)
    assert_equal_maps([tilted, trapezium, ignored], 40, 60, strays=1)


def test_curved_outline_agrees_with_the_definition():
    x = np.linspace(6, 44, 7)
    bend = 9.13 * np.sin((x - 6) / 38 * np.pi)
    top, bottom = np.column_stack([x, 14.2 - bend]), np.column_stack([x, 27.3 - bend])
    assert_equal_maps([word(np.concatenate([top, bottom[::-1]]))], 34, 50, strays=2)


def test_word_that_leaves_the_frame_agrees_with_the_definition():
    assert_equal_maps([box(-12.2, 5.3, 9.7, 17.8), box(20.3, -15.6, 44.4, 2.2)], 24, 50, strays=0)


def test_ignored_words():
    """By flag, by a bounding box under 8 px, and by an area under 1."""
    instances = [
        box(5, 5, 25, 15, ignore=True),
        box(5, 20, 40, 27.5),
        word([[40, 5], [60, 15], [60, 15.02], [40, 5.02]]),
        box(10, 35, 40, 45),
    ]
    maps = DBTargets().maps(instances, 50, 70)
    assert maps["shrink_mask"][5:15, 5:25].max() == 0
    assert maps["shrink_mask"][20:27, 5:40].max() == 0
    assert maps["shrink_mask"][35:45, 10:40].min() == 1
    assert maps["shrink_map"][:30].max() == 0
    assert maps["threshold_mask"][:20].max() == 0
    assert DBTargets(min_side=4).maps(instances, 50, 70)["shrink_map"][20:28].max() == 1


def test_kernel_without_a_pixel_is_ignored_unless_it_lies_outside():
    sliver = box(5, 5.6, 45, 6.4)
    assert DBTargets(min_side=0.1).maps([sliver], 20, 50)["shrink_mask"][6, 5:45].max() == 1
    # Rows 5 and 6 have centres 5.5 and 6.5, so not even the word itself holds one.
    thin = box(5, 5.2, 45, 6.2)
    maps = DBTargets(min_side=0.1, shrink_ratio=0.0).maps([thin], 20, 50)
    assert maps["shrink_map"].max() == 0
    assert maps["shrink_mask"][5, 5:45].max() == 0
    # Only the margin of a large word is in view: it is no reason to ignore it.
    maps = DBTargets().maps([box(-60, 5, 3, 45)], 50, 50)
    assert maps["shrink_map"].max() == 0
    assert maps["shrink_mask"].all()
    assert maps["threshold_mask"][20, 2] == 1


def test_overlapping_words_take_the_maximum():
    first, second = box(5, 5, 45, 25), box(30, 12, 70, 32)
    both = DBTargets().maps([first, second], 40, 80)["threshold_map"]
    alone = [DBTargets().maps([item], 40, 80)["threshold_map"] for item in (first, second)]
    np.testing.assert_array_equal(both, np.maximum(*alone))


@settings(max_examples=15, deadline=None)
@given(
    st.floats(12, 60), st.floats(12, 30), st.floats(-3.1, 3.1), st.floats(40, 60), st.floats(40, 60)
)
def test_kernel_area_is_that_of_the_moved_rectangle(width, height, angle, x, y):
    """(w - 2D)(h - 2D) in area, to within half a pixel along the kernel's outline."""
    cos, sin = np.cos(angle), np.sin(angle)
    corners = np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) / 2
    polygon = corners @ np.array([[cos, sin], [-sin, cos]]) + (x, y)
    maps = DBTargets(min_side=0).maps([word(polygon)], 100, 100)
    offset = shrink_distance(polygon, 0.4)
    sides = width - 2 * offset, height - 2 * offset
    assert abs(maps["shrink_map"].sum() - sides[0] * sides[1]) <= sum(sides) + 2
    grown = polygon_area(polygon) + 2 * (width + height) * offset + np.pi * offset**2
    assert abs(maps["threshold_mask"].sum() - grown) <= width + height + 4 * offset + 4


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 2, 1, 0], [2, 3, 0, 1]])
def test_orientation_and_start_do_not_matter(order):
    polygon = np.array([[8, 12], [50, 5], [52, 28], [10, 30]], np.float32)
    maps = DBTargets().maps([word(polygon[order])], 40, 60)
    for name, expected in DBTargets().maps([word(polygon)], 40, 60).items():
        np.testing.assert_array_equal(maps[name], expected)


def test_transform_uses_the_images_size():
    results = DBTargets()({"img": np.zeros((32, 48, 3), np.uint8), "instances": []})
    assert {name: array.shape for name, array in results["targets"].items()} == {
        "shrink_map": (32, 48),
        "shrink_mask": (32, 48),
        "threshold_map": (32, 48),
        "threshold_mask": (32, 48),
    }
    assert results["targets"]["shrink_mask"].all()
