from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotter import geometry as geo
from spotter.errors import GeometryError

RIGHT = np.array([10, 0], dtype=np.float32)
SQUARE = np.array([[0, 0], [10, 0], [10, 10], [0, 10]], dtype=np.float32)


def rotated(points: np.ndarray, degrees: float, centre=(50.0, 50.0)) -> np.ndarray:
    """Points turned clockwise on screen."""
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (np.asarray(points) - centre) @ turn.T + centre


def word_box(width: float, height: float, degrees: float) -> np.ndarray:
    """A word's corners from the first character's top-left, turned clockwise about (50, 50)."""
    w, h = width / 2, height / 2
    corners = np.array([[-w, -h], [w, -h], [w, h], [-w, h]]) + 50.0
    return rotated(corners, degrees)


def arc(points_per_side: int = 6, start: float = 200, stop: float = 340) -> np.ndarray:
    """A band that arches upward: radii 60 (top) and 40 (bottom), read left to right."""
    angles = np.radians(np.linspace(start, stop, points_per_side))
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return np.concatenate([60 * ring, 40 * ring[::-1]]) + 100.0


class TestMeasures:
    def test_orientation_is_that_of_the_screen(self):
        assert geo.signed_area(SQUARE) == 100
        assert geo.signed_area(SQUARE[::-1]) == -100
        assert geo.is_clockwise(SQUARE)
        assert not geo.is_clockwise(SQUARE[::-1])

    def test_area_far_from_the_origin(self):
        far = np.array([[0, 0], [3, 0], [0, 4]], dtype=np.float64) + 1e8
        assert geo.polygon_area(far) == pytest.approx(6)
        assert geo.perimeter(far) == pytest.approx(12)

    def test_offset_distances_of_a_rectangle(self):
        # A = 20 * 10 = 200, L = 60; r = 0.4: 200 * 0.84 / 60 = 2.8; r' = 1.5: 200 * 1.5 / 60 = 5.
        box = [[0, 0], [20, 0], [20, 10], [0, 10]]
        assert geo.shrink_distance(np.array(box), 0.4) == pytest.approx(2.8)
        assert geo.unclip_distance(np.array(box), 1.5) == pytest.approx(5.0)
        assert geo.shrink_distance(np.zeros((4, 2)), 0.4) == 0.0

    @pytest.mark.parametrize(
        "points",
        [
            [[0, 0], [1, 1]],
            [[0, 0], [1, 1], [2, 2]],
            [[0, 0], [1, 0], [1, float("nan")]],
            [0, 0, 1, 0, 1],
            "abc",
            [[0, 0, 0], [1, 0, 0], [1, 1, 0]],
        ],
    )
    def test_bad_polygons_are_refused(self, points):
        with pytest.raises(GeometryError, match=r"^[^\n]+$"):
            geo.as_polygon(points)

    def test_flat_lists_and_crossing_outlines_are_polygons(self):
        assert geo.as_polygon([0, 0, 4, 0, 4, 3]).tolist() == [[0, 0], [4, 0], [4, 3]]
        bow_tie = [[0, 0], [2, 2], [2, 0], [0, 2]]
        assert geo.signed_area(np.array(bow_tie)) == 0
        assert geo.as_polygon(bow_tie).shape == (4, 2)


class TestOffsets:
    def test_growing_adds_strips_and_a_disc(self):
        (grown,) = geo.offset_polygon(SQUARE, 2.0)
        # 100 + 40 * 2 + pi * 4; eight segments per quarter leave 32 sides of the disc.
        disc = 0.5 * 32 * 4 * np.sin(2 * np.pi / 32)
        assert geo.signed_area(grown) == pytest.approx(100 + 80 + disc, rel=1e-5)

    def test_mitre_keeps_corners(self):
        (grown,) = geo.offset_polygon(SQUARE[::-1], 2.0, join_style="mitre")
        assert geo.signed_area(grown) == pytest.approx(14 * 14)
        assert len(grown) == 4

    def test_shrinking_splits_and_vanishes(self):
        dumbbell = np.array(
            [0, 0, 10, 0, 10, 4, 20, 4, 20, 1, 28, 1, 28, 9, 20, 9, 20, 6, 10, 6, 10, 10, 0, 10]
        ).reshape(-1, 2)
        parts = geo.offset_polygon(dumbbell, -2.0, join_style="mitre")
        areas = [geo.signed_area(part) for part in parts]
        assert areas == pytest.approx([36, 16])
        assert geo.offset_polygon(SQUARE, -6.0) == []

    @pytest.mark.parametrize("degrees", [0, 30, 100])
    def test_rectangle_offset_equals_the_general_one(self, degrees):
        box = word_box(30, 10, degrees)
        grown = geo.offset_rectangle(box, 4.0)
        assert grown == pytest.approx(word_box(38, 18, degrees), abs=1e-4)
        general = geo.min_area_rect(geo.offset_polygon(box, 4.0)[0])
        assert geo.iou_matrix([grown], [general])[0, 0] == pytest.approx(1, abs=1e-4)

    def test_rectangle_cannot_shrink_to_nothing(self):
        assert geo.offset_rectangle(SQUARE, -4)[0] == pytest.approx([4, 4])
        with pytest.raises(GeometryError):
            geo.offset_rectangle(SQUARE, -5)


class TestOrderVertices:
    @pytest.mark.parametrize("degrees", [*range(-74, 105, 7), 0, 45, 90])
    def test_first_corner_is_the_first_characters_top_left(self, degrees):
        box = word_box(40, 10, degrees)
        for permutation in itertools.permutations(range(4)):
            ordered = geo.order_vertices(box[list(permutation)])
            assert ordered == pytest.approx(box, abs=1e-3)

    def test_steep_words_run_right_unless_near_vertical(self):
        # A word that rises at 80 degrees is taken as one that falls at 100.
        assert geo.order_vertices(word_box(40, 10, -80)) == pytest.approx(
            word_box(40, 10, 100), abs=1e-3
        )
        assert geo.order_vertices(word_box(40, 10, 110)) == pytest.approx(
            word_box(40, 10, -70), abs=1e-3
        )

    def test_vertical_words_do_not_flip_with_a_small_tilt(self):
        tops = [geo.order_vertices(word_box(40, 10, 90 + tilt))[:2] for tilt in (-3, 0, 3)]
        for top in tops:
            assert top[1, 1] - top[0, 1] > 39
            assert (top[:, 0] > 50).all()

    @pytest.mark.parametrize("degrees", [-30, -10, 0, 10, 30])
    def test_near_squares_are_upright(self, degrees):
        # Less than 1.5 times as tall as wide: still read along the flatter side.
        box = word_box(10, 14, degrees)
        assert geo.order_vertices(box[::-1]) == pytest.approx(box, abs=1e-3)

    def test_tall_boxes_read_down(self):
        box = word_box(10, 16, 0)
        assert geo.order_vertices(box).tolist() == np.roll(box, -1, axis=0).tolist()

    def test_square_on_its_tip_reads_upward_to_the_right(self):
        tip = np.array([[50, 40], [60, 50], [50, 60], [40, 50]], dtype=np.float32)
        for permutation in itertools.permutations(range(4)):
            assert geo.order_vertices(tip[list(permutation)])[0].tolist() == [40, 50]

    @settings(max_examples=200, deadline=None)
    @given(
        st.lists(
            st.tuples(st.integers(0, 99), st.integers(0, 99)), min_size=4, max_size=4, unique=True
        )
    )
    def test_idempotent_and_blind_to_input_order(self, points):
        quad = np.array(points, dtype=np.float32)
        ordered = geo.order_vertices(quad)
        assert np.array_equal(geo.order_vertices(ordered), ordered)
        assert np.array_equal(geo.order_vertices(quad[[2, 0, 3, 1]]), ordered)
        hull = cv2.convexHull(quad)
        if len(hull) == 4 and cv2.contourArea(hull) > 0:
            assert geo.is_clockwise(ordered)

    def test_min_area_rect_of_a_tilted_word(self):
        box = word_box(40, 10, 25) + 10_000
        edge_points = np.concatenate([box, (box + np.roll(box, 1, axis=0)) / 2])
        assert geo.min_area_rect(edge_points) == pytest.approx(box, abs=5e-3)

    def test_bad_shape(self):
        with pytest.raises(GeometryError):
            geo.order_vertices(np.zeros((3, 2)))


class TestOrderPolygon:
    @pytest.mark.parametrize("points_per_side", [3, 6, 7])
    def test_arch_from_any_start_and_direction(self, points_per_side):
        band = arc(points_per_side)
        for ring in (band, band[::-1]):
            for shift in range(len(band)):
                ordered = geo.order_polygon(np.roll(ring, shift, axis=0))
                assert ordered == pytest.approx(band, abs=1e-4)

    def test_dense_vertices_on_a_short_word(self):
        # Seven points per side on a 30 x 20 box: each side edge is shorter than the ends.
        x = np.linspace(0, 30, 7)
        top, bottom = np.stack([x, 0 * x], axis=1), np.stack([x[::-1], 0 * x + 20], axis=1)
        strip = np.concatenate([top, bottom])
        for shift in range(14):
            assert geo.order_polygon(np.roll(strip, shift, axis=0)) == pytest.approx(strip)

    def test_smile_keeps_its_inner_side_on_top(self):
        angles = np.radians(np.linspace(160, 20, 6))
        ring = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        band = np.concatenate([40 * ring, 60 * ring[::-1]]) + 100
        assert geo.order_polygon(np.roll(band, 4, axis=0)) == pytest.approx(band, abs=1e-4)

    def test_unpaired_outline_is_split_at_its_ends(self):
        outline = np.array([[0, 0], [20, 0], [40, 0], [60, 0], [60, 10], [0, 10]])
        for shift in range(6):
            top, bottom = geo.polygon_sides(np.roll(outline, shift, axis=0), paired=False)
            assert top.tolist() == [[0, 0], [20, 0], [40, 0], [60, 0]]
            assert bottom.tolist() == [[0, 10], [60, 10]]

    def test_strip_of_an_unpaired_outline(self):
        outline = np.array([[0, 10], [0, 0], [60, 0], [60, 10], [25, 10]])
        strip = geo.strip_polygon(outline, points_per_side=3)
        expected = [[0, 0], [30, 0], [60, 0], [60, 10], [30, 10], [0, 10]]
        assert strip.tolist() == expected

    def test_too_few_points(self):
        with pytest.raises(GeometryError):
            geo.order_polygon(np.zeros((3, 2)))


class TestOverlaps:
    def test_hand_worked_iou(self):
        others = [SQUARE + 5, SQUARE[::-1], SQUARE + RIGHT, SQUARE * 0.5]
        iou = geo.iou_matrix([SQUARE], others)
        assert iou[0] == pytest.approx([25 / 175, 1.0, 0.0, 0.25])
        overlaps = geo.pairwise_overlaps([SQUARE], others)
        assert overlaps.intersections[0] == pytest.approx([25, 100, 0, 25])

    def test_shares(self):
        overlaps = geo.pairwise_overlaps([SQUARE], [SQUARE * 0.5])
        assert overlaps.first_share[0, 0] == pytest.approx(0.25)
        assert overlaps.second_share[0, 0] == pytest.approx(1.0)

    def test_empty_and_degenerate_inputs(self):
        assert geo.iou_matrix([], [SQUARE]).shape == (0, 1)
        line = np.array([[0, 0], [5, 5], [10, 10]])
        assert geo.iou_matrix([line, line[:2]], [SQUARE, line]).tolist() == [[0, 0], [0, 0]]

    def test_crossing_outline_covers_both_lobes(self):
        bow_tie = np.array([[0, 0], [10, 10], [10, 0], [0, 10]])
        assert geo.polygon_to_shapely(bow_tie).area == pytest.approx(50)
        assert geo.iou_matrix([bow_tie], [SQUARE])[0, 0] == pytest.approx(0.5)


class TestTransformAndClip:
    def test_affine_and_projective(self):
        matrix = np.array([[2, 0, 1], [0, 3, -1]])
        assert geo.transform_points(SQUARE[2], matrix).tolist() == [21, 29]
        projective = np.array([[1, 0, 0], [0, 1, 0], [0.1, 0, 1.0]])
        assert geo.transform_points(SQUARE, projective)[1] == pytest.approx([5, 0])
        with pytest.raises(GeometryError):
            geo.transform_points(SQUARE, np.eye(2))

    def test_clip_keeps_the_reading_start(self):
        box = np.array([[-5, -5], [15, -5], [15, 8], [-5, 8]])
        assert geo.clip_polygon(box, 10, 20).tolist() == [[0, 0], [10, 0], [10, 8], [0, 8]]

    def test_clip_a_corner(self):
        diamond = np.array([[-2, 5], [5, -2], [12, 5], [5, 12]])
        clipped = geo.clip_polygon(diamond, 10, 10)
        # Each of the four tips loses a triangle of area 2 * 4 / 2.
        assert geo.signed_area(clipped) == pytest.approx(98 - 4 * 4)

    def test_clip_outside_and_inside(self):
        assert geo.clip_polygon(SQUARE + 20, 10, 10) is None
        assert geo.clip_polygon(SQUARE + RIGHT, 10, 10) is None
        assert np.array_equal(geo.clip_polygon(SQUARE, 10, 10), SQUARE)


class TestCrops:
    @pytest.fixture
    def img(self):
        return np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)

    def test_upright_boxes_are_slices(self, img):
        box = np.array([[10, 5], [40, 5], [40, 25], [10, 25]])
        assert np.array_equal(geo.crop_quad(img, box), img[5:25, 10:40])
        assert np.array_equal(geo.crop_quad(img[..., 0], box), img[5:25, 10:40, 0])
        strip = np.array([[10, 5], [25, 5], [40, 5], [40, 25], [20, 25], [10, 25]])
        assert np.array_equal(geo.crop_polygon(img, strip), img[5:25, 10:40])

    def test_start_corner_decides_the_turn(self, img):
        box = np.array([[10, 5], [40, 5], [40, 25], [10, 25]])
        turned = geo.crop_quad(img, np.roll(box, -1, axis=0))
        assert np.array_equal(turned, np.rot90(img[5:25, 10:40]))

    def test_border_is_replicated(self, img):
        crop = geo.crop_quad(img, np.array([[-5, 0], [5, 0], [5, 10], [-5, 10]]))
        assert np.array_equal(crop[:, 5:], img[:10, :5])
        assert np.array_equal(crop[:, 0], img[:10, 0])
        outside = geo.crop_quad(img, np.array([[90, 80], [99, 80], [99, 84], [90, 84]]))
        assert (outside == img[-1, -1]).all()

    def test_height_sets_the_width_and_averages(self):
        board = np.indices((64, 128)).sum(axis=0) % 2 * 255
        box = np.array([[0, 0], [128, 0], [128, 64], [0, 64]])
        crop = geo.crop_quad(board.astype(np.uint8), box, height=8)
        assert crop.shape == (8, 16)
        assert np.abs(crop.astype(int) - 127.5).max() <= 1
        assert geo.crop_quad(board.astype(np.uint8), box, height=128).shape == (128, 256)

    def test_perspective_corners(self):
        # A ramp whose value at x is 2 x - 1.
        img = np.tile(np.arange(0, 200, 2, dtype=np.uint8), (100, 1))
        quad = np.array([[20, 20], [80, 30], [80, 70], [20, 80]])
        crop = geo.crop_quad(img, quad).astype(float)
        assert crop.shape == (60, 61)
        assert crop[30, 0] == pytest.approx(2 * 20 - 1, abs=2)
        assert crop[30, 60] == pytest.approx(2 * 80 - 1, abs=2)
        # The diagonals have slopes 5/6 and -5/6 and meet at x = 56.
        assert crop[30, 30] == pytest.approx(2 * 56 - 1, abs=2)

    def test_curved_band_is_straightened(self):
        y, x = np.mgrid[0:200, 0:200] + 0.5
        radius = np.hypot(x - 100, y - 100)
        img = np.clip((radius - 40) * 10, 0, 255).astype(np.uint8)
        crop = geo.crop_polygon(img, arc(30))
        # Mean arc length 140 degrees * 50 px, width of the band 20 px.
        assert crop.shape == (20, round(np.radians(140) * 50))
        expected = 195 - 10 * np.arange(20)
        assert np.abs(crop.astype(int) - expected[:, None]).max() <= 8
        assert geo.crop_polygon(img, arc(30), height=10).shape == (10, 61)

    def test_images_beyond_the_16_bit_limit(self):
        img = np.zeros((4, 40_000), dtype=np.uint8)
        img[:, 35_000:35_010] = 200
        box = np.array([[35_000, 0], [35_010, 0], [35_010, 4], [35_000, 4]])
        assert (geo.crop_quad(img, box) == 200).all()

    def test_not_finite(self, img):
        with pytest.raises(GeometryError):
            geo.crop_quad(img, np.full((4, 2), np.nan))
        with pytest.raises(GeometryError):
            geo.crop_polygon(img, SQUARE[:3])


class TestReadingOrder:
    @staticmethod
    def boxes(corners, width=30.0, height=10.0):
        return [
            np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]])
            for x, y in corners
        ]

    def test_ragged_lines(self):
        # Within a line the tops differ by up to 4 px; a sort by y alone would mix words.
        words = self.boxes([(80, 2), (0, 4), (40, 0), (40, 24), (0, 20)])
        assert geo.group_lines(words) == [[1, 2, 0], [4, 3]]
        assert geo.reading_order(words) == [1, 2, 0, 4, 3]

    @pytest.mark.parametrize("degrees", [-25, 20])
    def test_skewed_page(self, degrees):
        corners = [(x, y) for y in (0, 20, 40) for x in (0, 40, 80, 120)]
        words = [rotated(box, degrees) for box in self.boxes(corners)]
        shuffled = np.random.default_rng(0).permutation(12)
        order = geo.reading_order([words[i] for i in shuffled])
        assert [int(shuffled[i]) for i in order] == list(range(12))

    def test_nothing(self):
        assert geo.reading_order([]) == []


class TestSlidingWindows:
    def test_hand_worked(self):
        windows = geo.sliding_windows(100, 30, size=40, overlap=10)
        assert windows == [(0, 0, 40, 30), (30, 0, 70, 30), (60, 0, 100, 30)]

    @settings(max_examples=100, deadline=None)
    @given(st.integers(1, 500), st.integers(1, 500), st.integers(20, 200), st.integers(0, 19))
    def test_cover_and_overlap(self, width, height, size, overlap):
        windows = geo.sliding_windows(width, height, size, overlap)
        for axis, length in ((0, width), (1, height)):
            spans = sorted({(w[axis], w[axis + 2]) for w in windows})
            assert spans[0][0] == 0
            assert spans[-1][1] == length
            assert all(end - begin == min(size, length) for begin, end in spans)
            assert all(
                before[1] - after[0] >= overlap for before, after in itertools.pairwise(spans)
            )

    def test_overlap_must_be_below_the_size(self):
        with pytest.raises(GeometryError):
            geo.sliding_windows(100, 100, 20, 20)


@pytest.mark.parametrize("degrees", [0.0, 30.0, 90.0, 200.0])
def test_grown_quad_of_a_turned_rectangle(degrees: float) -> None:
    rectangle = np.array([[30, 40], [70, 40], [70, 60], [30, 60]], np.float32)
    grown = np.array([[28, 38], [72, 38], [72, 62], [28, 62]], np.float32)
    np.testing.assert_allclose(
        geo.grow_quad(rotated(rectangle, degrees), 0.1), rotated(grown, degrees), atol=1e-4
    )
    assert geo.grow_quad(rectangle, 0) is rectangle


def test_a_quad_grows_at_its_ends_alone() -> None:
    quad = np.array([[10, 10], [50, 10], [50, 20], [10, 20]], np.float32)
    longer = [[8, 10], [52, 10], [52, 20], [8, 20]]
    np.testing.assert_allclose(geo.grow_quad(quad, 0, 0.2), longer, atol=1e-4)
    tall = [[10, 9], [50, 9], [50, 21], [10, 21]]
    np.testing.assert_allclose(geo.grow_quad(quad, 0.1, 0), tall, atol=1e-4)


def test_native_size() -> None:
    assert geo.native_size(np.array([[0, 0], [30, 0], [28, 9], [0, 10]], np.float32)) == (30, 10)
    # A half ring of radii 20 and 10: mean arc 15 pi, depth 10.
    angles = np.linspace(np.pi, 2 * np.pi, 60)
    arc = np.stack([np.cos(angles), np.sin(angles)], 1)
    assert geo.native_size(np.concatenate([20 * arc, 10 * arc[::-1]])) == (47, 10)
    assert geo.native_size(np.zeros((4, 2))) == (1, 1)
