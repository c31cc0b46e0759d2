import numpy as np
import pytest

from spotter.synthesis.layout import Arc, box_quads, paste, sampled_outline, see_mask, set_text


def centroid(mask):
    y, x = np.mgrid[: mask.shape[0], : mask.shape[1]]
    return np.array([(x + 0.5) * mask, (y + 0.5) * mask]).sum(axis=(1, 2)) / mask.sum()


def test_one_letter_is_its_glyph(fonts):
    mask = set_text(fonts, 0, "R", 48)
    glyph = fonts.glyph(0, "R", 48)
    np.testing.assert_array_equal(mask.alpha, glyph.alpha)
    height, width = glyph.alpha.shape
    np.testing.assert_array_equal(mask.quads[0], [[0, 0], [width, 0], [width, height], [0, height]])
    assert mask.baseline == height


def test_character_quads_enclose_the_ink_tightly(fonts):
    mask = set_text(fonts, 0, "Hill", 48, spacing=0.2)
    seen = np.zeros_like(mask.alpha)
    for quad in mask.quads.astype(int):
        (x0, y0), (x1, y1) = quad[0], quad[2]
        box = mask.alpha[y0:y1, x0:x1]
        assert box[0].any()
        assert box[-1].any()
        assert box[:, 0].any()
        assert box[:, -1].any()
        seen[y0:y1, x0:x1] = box
    np.testing.assert_array_equal(seen, mask.alpha)


def test_spacing_widens_by_its_share_of_the_size(fonts):
    tight, wide = (set_text(fonts, 0, "HHHHH", 50, spacing).alpha for spacing in (0.0, 0.5))
    assert wide.shape[1] - tight.shape[1] == 4 * 25


def test_small_capitals_stand_on_one_line(fonts):
    mask = set_text(fonts, 0, "HHH", 48, initial=1.5)
    heights = mask.quads[:, 2, 1] - mask.quads[:, 0, 1]
    assert heights[0] == pytest.approx(1.5 * heights[1], abs=1.5)
    assert heights[1] == heights[2]
    assert (mask.quads[:, 2, 1] == mask.baseline).all()


def test_vertical_letters_follow_each_other_downwards(fonts):
    mask = set_text(fonts, 0, "SIGN", 48, vertical=True)
    assert mask.alpha.shape[0] > 3 * mask.alpha.shape[1]
    assert (np.diff(mask.quads[:, 0, 1]) > 0).all()
    assert (mask.quads[:-1, 2, 1] < mask.quads[1:, 0, 1]).all()


def test_paste_cuts_off_what_lies_outside():
    canvas = np.zeros((3, 3), np.uint8)
    paste(canvas, np.full((2, 2), 9, np.uint8), -1, 2)
    paste(canvas, np.full((2, 2), 9, np.uint8), 5, 5)
    np.testing.assert_array_equal(canvas, [[0, 0, 0], [0, 0, 0], [9, 0, 0]])


@pytest.mark.parametrize("angle", [-1.2, -0.4, 0.4, 1.2])
def test_an_arc_keeps_the_length_of_the_middle_line(angle):
    arc = Arc(200, 40, angle)
    along = np.linspace(0, 200, 400)
    middle = arc.points(np.stack([along, np.full(400, 20.0)], -1))
    assert np.linalg.norm(np.diff(middle, axis=0), axis=1).sum() == pytest.approx(200, rel=1e-3)
    chord = 2 * (200 / abs(angle)) * np.sin(abs(angle) / 2)
    assert np.linalg.norm(middle[-1] - middle[0]) == pytest.approx(chord, rel=1e-3)
    assert (middle[200, 1] < middle[0, 1]) == (angle > 0)


@pytest.mark.parametrize("angle", [-1.0, 0.6])
def test_an_arc_moves_ink_where_it_moves_points(angle):
    dot = np.zeros((40, 200), np.uint8)
    dot[7:10, 149:152] = 255
    arc = Arc(200, 40, angle)
    np.testing.assert_allclose(
        centroid(arc.mask(dot).astype(float)), arc.points(np.array([150.5, 8.5])), atol=0.15
    )


@pytest.mark.parametrize("angle", [1e-4, -1e-4, 0.0])
def test_a_flat_arc_only_shifts(angle):
    corners = box_quads(np.array([[0, 0, 60, 20]]))[0]
    bent = Arc(60, 20, angle).points(corners)
    np.testing.assert_allclose(bent - bent[0], corners, atol=0.05)


def test_outline_runs_clockwise_along_both_sides():
    outline = sampled_outline(np.array([10, 5, 30, 15]), 3)
    np.testing.assert_array_equal(
        outline, [[10, 5], [20, 5], [30, 5], [30, 15], [20, 15], [10, 15]]
    )


def test_seeing_head_on_changes_nothing():
    mask = np.random.default_rng(0).integers(0, 256, (20, 30), dtype=np.uint8)
    np.testing.assert_array_equal(see_mask(mask, np.eye(3), (20, 30), 1.0), mask)


@pytest.mark.parametrize("scale", [0.25, 0.5, 1.5])
def test_ink_is_seen_where_its_points_map_to(scale):
    mask = np.zeros((80, 120), np.uint8)
    mask[16:48, 40:72] = 255
    matrix = np.array([[scale, 0, 5.0], [0, scale, 3.0], [0, 0, 1]])
    seen = see_mask(mask, matrix, (140, 200), scale).astype(float)
    np.testing.assert_allclose(centroid(seen), [56 * scale + 5, 32 * scale + 3], atol=0.06)
    assert seen.sum() / 255 == pytest.approx((32 * scale) ** 2, rel=0.03)
