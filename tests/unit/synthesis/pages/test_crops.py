import numpy as np
import pytest

from spotter.synthesis.pages.crops import page_crops
from spotter.synthesis.pages.outlines import grow_outline, outline_height, visible_outline


def word(polygon, text="ab", ignore=False):
    return {"polygon": np.float32(polygon), "text": None if ignore else text, "ignore": ignore}


def box(x, y, width, height):
    return [[x, y], [x + width, y], [x + width, y + height], [x, y + height]]


def test_outlines_grow_on_each_side_by_its_own_distance():
    grown = grow_outline(np.float32(box(10, 20, 40, 10)), 1, 2, 3, 4)
    np.testing.assert_allclose(grown, [[7, 19], [54, 19], [54, 32], [7, 32]])
    # Upside down the same sides grow: the word begins right and its top is below.
    turned = np.float32([[50, 30], [10, 30], [10, 20], [50, 20]])
    np.testing.assert_allclose(
        grow_outline(turned, 1, 2, 3, 4), [[53, 31], [6, 31], [6, 18], [53, 18]]
    )
    bent = np.float32([[0, 0], [5, 0], [10, 0], [10, 4], [5, 4], [0, 4]])
    expected = [[-2, -1], [5, -1], [12, -1], [12, 5], [5, 5], [-2, 5]]
    np.testing.assert_allclose(grow_outline(bent, 1, 1, 2, 2), expected)
    assert outline_height(bent) == 4


def test_cut_outlines_lie_in_the_photo():
    inside = np.float32(box(5, 5, 10, 4))
    assert visible_outline(inside, (20, 20)) is inside
    np.testing.assert_allclose(
        sorted(visible_outline(np.float32(box(-5, 5, 10, 4)), (20, 20)).tolist()),
        [[0, 5], [0, 9], [5, 5], [5, 9]],
    )
    assert visible_outline(np.float32(box(30, 5, 10, 4)), (20, 20)) is None


def test_crops_hold_the_word_and_a_margin():
    image = np.full((100, 200, 3), 200, np.uint8)
    image[40:60, 50:110] = 10
    page = {"img": image, "instances": [word(box(50, 40, 60, 20))]}
    for seed in range(10):
        ((crop, text),) = page_crops(page, np.random.default_rng(seed))
        assert text == "ab"
        assert 18 <= crop.shape[0] <= 33
        assert (crop < 100).mean() > 0.5
    shapes = {page_crops(page, np.random.default_rng(seed))[0][0].shape for seed in range(10)}
    assert len(shapes) > 3


def test_words_upside_down_are_cut_out_upright():
    image = np.zeros((100, 200, 3), np.uint8)
    image[40:60, 50:110] = np.linspace(50, 250, 60, dtype=np.uint8)[None, :, None]
    turned = image[::-1, ::-1].copy()
    polygon = np.float32([200, 100]) - np.float32(box(50, 40, 60, 20))
    crops = [
        page_crops({"img": img, "instances": [word(outline)]}, np.random.default_rng(3))[0][0]
        for img, outline in ((image, box(50, 40, 60, 20)), (turned, polygon))
    ]
    np.testing.assert_allclose(crops[0].astype(int), crops[1].astype(int), atol=3)


def test_small_and_ignored_words_are_left_out_and_large_ones_reduced():
    image = np.zeros((300, 600, 3), np.uint8)
    words = [
        word(box(10, 10, 40, 8.5), "small"),
        word(box(10, 30, 40, 12), "kept"),
        word(box(10, 60, 40, 12), ignore=True),
        word(box(10, 100, 400, 150), "large"),
    ]
    crops = page_crops({"img": image, "instances": words}, np.random.default_rng(0))
    assert [text for _, text in crops] == ["kept", "large"]
    assert crops[1][0].shape[0] == 64


@pytest.mark.parametrize(("text", "most"), [("a", 12), ("ab", 60)])
def test_a_page_gives_a_bounded_number_of_words(text, most):
    words = [word(box(20 * (i % 20), 20 * (i // 20), 12, 12), text) for i in range(200)]
    page = {"img": np.zeros((220, 420, 3), np.uint8), "instances": words}
    assert len(page_crops(page, np.random.default_rng(0))) == most
