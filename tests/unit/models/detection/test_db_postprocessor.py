import cv2
import numpy as np
import pytest

from spotter.data.transforms import DBTargets
from spotter.errors import ConfigError
from spotter.geometry import iou_matrix, offset_polygon, order_vertices, shrink_distance
from spotter.models.detection import DBPostprocessor
from spotter.pipeline.db_postprocessor import mean_inside

WORDS = {
    "upright": [[40, 30], [140, 30], [140, 60], [40, 60]],
    "tilted": [[60, 120], [150, 80], [163, 110], [73, 150]],
    "tall": [[180, 60], [205, 60], [205, 170], [180, 170]],
}


def shrunk(polygon: np.ndarray, shape: tuple[int, int] = (192, 256)) -> np.ndarray:
    """The ideal probability map of one word."""
    return DBTargets().maps([{"polygon": polygon, "ignore": False}], *shape)["shrink_map"]


@pytest.mark.parametrize("name", WORDS)
def test_shrunk_words_grow_back(name: str) -> None:
    word = np.array(WORDS[name], np.float32)
    # For a rectangle the offset that undoes the shrinking is known in closed form.
    inner = offset_polygon(word, -shrink_distance(word, 0.4))[0]
    sides = np.linalg.norm(np.diff(inner[:3], axis=0), axis=1)
    ratio = shrink_distance(word, 0.4) * 2 * sides.sum() / sides.prod()
    postprocessor = DBPostprocessor(unclip_ratio=float(ratio))
    (found,) = postprocessor(shrunk(word).astype(np.float32) * 0.9)
    assert iou_matrix([found.polygon], [word])[0, 0] > 0.86
    assert np.abs(found.polygon - order_vertices(word)).max() < 3
    assert found.detection_score == pytest.approx(0.9, abs=0.02)


def test_scale_size_and_thresholds() -> None:
    word = np.array(WORDS["upright"], np.float32)
    probability = shrunk(word).astype(np.float32) * 0.6
    (plain,) = DBPostprocessor()(probability)
    (scaled,) = DBPostprocessor()(probability, scale=(0.5, 0.25), size=(300, 600))
    np.testing.assert_allclose(
        scaled.polygon, np.minimum(plain.polygon / (0.5, 0.25), (600, 300)), atol=1e-3
    )
    assert DBPostprocessor(min_score=0.7)(probability) == []
    assert DBPostprocessor(binary_threshold=0.65)(probability) == []
    assert DBPostprocessor(min_side=100)(probability) == []


def test_candidates_are_limited_to_the_largest() -> None:
    probability = np.zeros((100, 200), np.float32)
    probability[10:20, 10:30] = 1
    probability[50:80, 50:150] = 1
    assert len(DBPostprocessor()(probability)) == 2
    (largest,) = DBPostprocessor(max_candidates=1)(probability)
    assert largest.polygon.mean(axis=0) == pytest.approx((100, 65), abs=1)


def test_polygon_mode_follows_a_bend() -> None:
    angles = np.linspace(np.pi, 2 * np.pi, 24)
    ring = np.concatenate(
        [
            np.stack([np.cos(angles), np.sin(angles)], 1) * 80,
            np.stack([np.cos(angles[::-1]), np.sin(angles[::-1])], 1) * 50,
        ]
    )
    word = (ring + np.array([128, 120])).astype(np.float32)
    probability = shrunk(word).astype(np.float32)
    (bent,) = DBPostprocessor(shape="polygon", unclip_ratio=2.8)(probability)
    (box,) = DBPostprocessor(shape="quad", unclip_ratio=1.0)(probability)
    overlap = iou_matrix([bent.polygon, box.polygon], [word])[:, 0]
    assert overlap[0] > 0.8 > overlap[1]


def test_mean_inside_covers_the_polygon_only() -> None:
    probability = np.zeros((20, 20), np.float32)
    cv2.rectangle(probability, (5, 5), (9, 9), 0.8, -1)
    square = np.array([[5, 5], [9, 5], [9, 9], [5, 9]], np.float32)
    assert mean_inside(probability, square) == pytest.approx(0.8)
    assert mean_inside(probability, square + 100) == 0.0


def test_unknown_shape_is_refused() -> None:
    with pytest.raises(ConfigError, match="shape"):
        DBPostprocessor(shape="circle")


def touching_words() -> np.ndarray:
    """Two words of one line, 0.9 and 0.8 inside, with 0.5 around and between them."""
    probability = np.zeros((80, 200), np.float32)
    probability[20:50, 10:170] = 0.5
    probability[25:45, 20:80] = 0.9
    probability[25:45, 100:160] = 0.8
    return probability


def test_touching_words_are_told_apart() -> None:
    probability = touching_words()
    options = {"min_score": 0.3, "unclip_ratio": 0.0}
    (one,) = DBPostprocessor(0.4, **options)(probability)
    assert one.polygon[:, 0].max() == pytest.approx(170)
    split = DBPostprocessor(0.4, **options, split_threshold=0.6)
    left, right = sorted(split(probability), key=lambda word: word.polygon[0, 0])
    # They meet half way between 80 and 100, and have all of the region.
    for word, (x0, x1) in ((left, (10, 90)), (right, (90, 170))):
        box = np.array([[x0, 20], [x1, 20], [x1, 50], [x0, 50]])
        assert np.abs(word.polygon - box).max() < 1.5
    assert left.detection_score == pytest.approx((0.5 * 1200 + 0.9 * 1200) / 2400, abs=0.01)
    # Another word, and one kernel only: both stay as they are.
    probability[60:70, 20:60] = 0.5
    probability[25:45, 100:160] = 0.55
    assert len(split(probability)) == 2


def test_small_kernels_and_holes_do_not_count() -> None:
    probability = touching_words()
    probability[22:24, 90:92] = 0.9
    strict = DBPostprocessor(0.4, 0.3, 0.0, split_threshold=0.6)
    assert len(strict(probability)) == 2
    fussy = DBPostprocessor(0.4, 0.3, 0.0, split_threshold=0.6, min_part_area=4.0)
    assert len(fussy(probability)) == 3
    # A ring, with a kernel in its hole: the hole's outline gives nothing, the parts come once.
    ring = np.zeros((60, 60), np.float32)
    ring[5:55, 5:55] = 0.9
    ring[10:50, 10:50] = 0.5
    ring[25:35, 25:35] = 0.9
    ring[40:45, 40:45] = 0.0
    assert len(strict(ring)) == 1


def test_a_split_below_the_regions_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"split_threshold 0\.4 is not above"):
        DBPostprocessor(0.5, split_threshold=0.4)


def test_auto_gives_strips_to_curved_words_and_rectangles_to_others() -> None:
    probability = np.zeros((200, 300), np.float32)
    cv2.ellipse(probability, (100, 130), (80, 80), 0, 225, 315, 0.9, 16)
    cv2.rectangle(probability, (200, 120), (280, 135), 0.9, -1)
    find = DBPostprocessor(shape="auto", unclip_ratio=1.2)
    curved, straight = sorted(find(probability), key=lambda word: word.polygon[:, 0].min())
    assert (len(curved.polygon), len(straight.polygon)) == (16, 4)
    # The first half is the outer side, from left to right.
    assert np.all(np.diff(curved.polygon[:8, 0]) > 0)
    assert curved.polygon[:8, 1].mean() < curved.polygon[8:, 1].mean()
    middle = (curved.polygon[3:5].mean(axis=0) + curved.polygon[11:13].mean(axis=0)) / 2
    np.testing.assert_allclose(middle, (100, 50), atol=3)
    quads = DBPostprocessor(unclip_ratio=1.2)(probability)
    assert [len(word.polygon) for word in quads] == [4, 4]
