"""Augmentations of word crops: identities, closed forms, order of characters."""

import cv2
import numpy as np
import pytest

from spotter.data import randomness
from spotter.data.transforms import RandomAffineCrop, RecAugment
from spotter.data.transforms.rec_geometric import (
    clipped_corners,
    detected_corners,
    framed_corners,
    image_corners,
    jittered_corners,
    rotation_shear,
)
from spotter.data.transforms.warping import warp_corners
from spotter.registry import TRANSFORMS

NOISE = np.random.default_rng(0).integers(0, 256, (32, 128, 3), np.uint8)
OFF = dict.fromkeys(
    ["geometric", "color", "invert", "grey", "blur", "resample", "noise", "jpeg"], 0
)


def ramp(height=40, width=160):
    """Brightness is the place in reading order."""
    row = np.linspace(20, 230, width)
    return np.repeat(np.repeat(row[None, :, None], height, 0), 3, 2).astype(np.uint8)


def test_warp_corners_is_exact_on_whole_pixels():
    np.testing.assert_array_equal(warp_corners(NOISE, image_corners(128, 32), 128, 32), NOISE)
    part = np.add(image_corners(20, 10), (5, 4))
    np.testing.assert_array_equal(warp_corners(NOISE, part, 20, 10), NOISE[4:14, 5:25])


def test_corners_of_detected_words_err_about_their_margin():
    """A word of 80 x 20 at (10, 10) of a crop of 100 x 40 that shows half its height around it."""
    np.random.seed(0)  # noqa: NPY002
    drawn = np.array([detected_corners(100, 40, 0.5) for _ in range(3000)])
    assert (drawn[:, 0] == np.stack([drawn[:, 3, 0], drawn[:, 1, 1]], 1)).all()
    left, top = (10 - drawn[:, 0, 0]) / 20, (10 - drawn[:, 0, 1]) / 20
    right, bottom = (drawn[:, 2, 0] - 90) / 20, (drawn[:, 2, 1] - 30) / 20
    for side in (left, right):
        assert side.min() == pytest.approx(-0.15, abs=0.01)
        assert side.max() == pytest.approx(0.5, abs=0.01)
        # Two thirds have mean 0.1, one third is uniform with mean 0.175.
        assert side.mean() == pytest.approx(0.125, abs=0.01)
    for side in (top, bottom):
        assert side.mean() == pytest.approx(0.1, abs=0.01)
        assert side.std() == pytest.approx(0.08, abs=0.01)
    # A word of 8 x 20 in a crop of 16 x 28 may lose an eighth of its width on either side.
    narrow = np.array([detected_corners(16, 28, 0.5) for _ in range(300)])
    assert narrow[:, 0, 0].max() <= 5
    assert (narrow[:, 1, 0] - narrow[:, 0, 0]).min() >= 6


def test_one_end_is_clipped_but_not_of_narrow_crops():
    randomness.rng.seed(0)
    corners = image_corners(100, 40)
    drawn = np.array([clipped_corners(corners) for _ in range(500)]) - corners
    left, right = drawn[:, 0, 0], -drawn[:, 1, 0]
    assert (drawn[..., 1] == 0).all()
    assert ((left > 0) ^ (right > 0)).all()
    assert 0.4 < (left > 0).mean() < 0.6
    lost = (left + right) / 40
    assert lost.min() == pytest.approx(0.1, abs=0.01)
    assert lost.max() == pytest.approx(0.25, abs=0.01)
    np.testing.assert_array_equal(clipped_corners(image_corners(59, 40)), image_corners(59, 40))


def test_clipping_and_steep_rotation_of_the_fused_augmentation():
    """A white word of 60 x 20 in the middle of a crop of 80 x 30."""
    randomness.rng.seed(0)
    image = np.zeros((30, 80, 3), np.uint8)
    image[5:25, 10:70] = 255
    still = {**OFF, "geometric": 1, "jitter": 0, "rotate": 0, "shear": 0, "perspective": 0}
    plain = RecAugment(**still)({"img": image})["img"][..., 0] > 127
    for _ in range(20):
        clipped = RecAugment(**still, clip=1)({"img": image})["img"][..., 0] > 127
        # One end has less black beside the word than the other.
        sides = sorted([clipped.any(0).argmax(), clipped.any(0)[::-1].argmax()])
        assert sides[0] < sides[1]
        steep = RecAugment(**still, steep=1)({"img": image})["img"][..., 0] > 127
        # The whole word is seen, and all four corners of the view show what is beside it.
        assert not steep[[0, 0, -1, -1], [0, -1, 0, -1]].any()
        assert 0.2 < steep.mean() / plain.mean() < 0.8
        # It is tilted: the further to the right, the lower or the higher.
        assert abs(np.corrcoef(np.nonzero(steep))[0, 1]) > 0.3
    long = np.zeros((30, 200, 3), np.uint8)
    long[5:25, 10:190] = 255
    seen = [RecAugment(**still, steep=steep)({"img": long})["img"] for steep in (0, 1)]
    np.testing.assert_array_equal(*seen)


def test_a_word_with_context_is_cut_out_anew_each_time():
    np.random.seed(0)  # noqa: NPY002
    image = np.zeros((40, 100, 3), np.uint8)
    image[10:30, 10:90] = 255
    augment = RecAugment(mode="buckets", widths=[64, 96, 128], **OFF)
    crops = [augment({"img": image, "context": 0.5})["img"] for _ in range(20)]
    # 84 x 24 with a margin of 2 on every side: 112 x 32, nearest to 128 in ratio.
    assert {crop.shape for crop in crops} == {(32, 128, 3)}
    shares = np.array([crop.mean() / 255 for crop in crops])
    assert shares.std() > 0.05
    assert 0.7 < shares.mean() < 0.9


def test_frame_of_a_quarter_turn():
    """Turned clockwise, what was the bottom-left corner is the top-left one."""
    corners = framed_corners(image_corners(8, 4), rotation_shear(np.pi / 2, 0.0))
    np.testing.assert_allclose(corners, [[0, 4], [0, 0], [8, 0], [8, 4]], atol=1e-12)
    turned = warp_corners(NOISE[:4, :8].copy(), corners, 4, 8)
    np.testing.assert_array_equal(turned, np.rot90(NOISE[:4, :8], -1))


def test_frame_of_a_shear():
    """x' = x + 0.5 y about the centre: two more columns, half of them on either side."""
    corners = framed_corners(image_corners(8, 4), rotation_shear(0.0, 0.5))
    np.testing.assert_allclose(corners, [[0, 0], [10, 0], [8, 4], [-2, 4]], atol=1e-12)


def test_whole_word_stays_in_the_frame():
    for angle in (-0.3, 0.2):
        corners = framed_corners(image_corners(100, 30), rotation_shear(angle, 0.4))
        inside = cv2.pointPolygonTest(
            (1.001 * (corners - (50, 15)) + (50, 15)).astype(np.float32), (0.0, 30.0), False
        )
        assert inside >= 0


def test_narrow_crops_keep_their_letter():
    randomness.rng.seed(0)
    for _ in range(50):
        corners = jittered_corners(8, 32, 0.5)
        assert corners[:2, 0].tolist() == pytest.approx([0, 8], abs=1.0)


def test_ends_with_marks_stay_in_the_crop():
    # A full stop 4 pixels wide, 1 pixel from the end of a crop 32 high.
    image = np.zeros((32, 128, 3), np.uint8)
    image[24:30, 123:127] = 255
    transform = RecAugment(**{**OFF, "geometric": 1}, rotate=0, shear=0, clip=0.5)

    def lost(text):
        randomness.rng.seed(0)
        seen = [transform({"img": image, "text": text})["img"].max() > 127 for _ in range(300)]
        return 1 - sum(seen) / len(seen)

    assert lost("stop.") < 0.01
    assert lost("stop") > 0.1


def test_perspective_leaves_a_narrow_letter_in_the_crop():
    image = np.zeros((32, 8, 3), np.uint8)
    image[:, 1:7] = 255
    transform = RecAugment(**{**OFF, "geometric": 1}, rotate=0, shear=0, jitter=0)
    randomness.rng.seed(0)
    for _ in range(100):
        row = transform({"img": image, "text": "l"})["img"][16, :, 0] > 127
        # Its middle is within an eighth of the crop of where it was.
        assert abs(np.flatnonzero(row).mean() / len(row) - 0.5) < 0.125


def test_characters_keep_their_order():
    transform = RecAugment(**{**OFF, "geometric": 1})
    randomness.rng.seed(0)
    for _ in range(25):
        results = transform({"img": ramp(), "img_shape": (40, 160)})
        row = results["img"][results["img"].shape[0] // 2, :, 0].astype(int)
        assert np.diff(row).min() >= -1
        assert row[-1] - row[0] > 120


def test_fused_augmentation_without_chances_is_a_resize():
    np.testing.assert_array_equal(RecAugment(**OFF)({"img": NOISE})["img"], NOISE)
    large = cv2.resize(NOISE, (512, 128), interpolation=cv2.INTER_NEAREST)
    results = RecAugment(**OFF)({"img": large})
    np.testing.assert_allclose(results["img"].astype(int), NOISE, atol=1)


@pytest.mark.parametrize(
    ("options", "width", "ratio"),
    [
        ({}, 128, 1.0),
        ({"mode": "keep_ratio", "width": 200}, 200, 160 / 200),
        ({"mode": "keep_ratio", "width": 200, "pad": False}, 160, 1.0),
        ({"mode": "buckets", "widths": [64, 192]}, 192, 1.0),
    ],
)
def test_fused_augmentation_takes_every_mode(options, width, ratio):
    randomness.rng.seed(0)
    transform = TRANSFORMS.build({"type": "RecAugment", **options})
    for _ in range(60):
        results = transform({"img": np.ascontiguousarray(ramp(64, 320))})
        assert results["img"].shape == (32, width, 3)
        assert results["img"].dtype == np.uint8
        assert results["valid_ratio"] == ratio


def test_fused_augmentation_survives_extreme_crops_and_read_only_images():
    randomness.rng.seed(0)
    for height, width in ((1, 1), (2, 900), (400, 3), (31, 127)):
        image = np.full((height, width, 3), 90, np.uint8)
        image.flags.writeable = False
        for _ in range(40):
            assert RecAugment()({"img": image})["img"].shape == (32, 128, 3)


def test_seeded():
    transforms = [RecAugment(), RandomAffineCrop(64)]
    for transform in transforms:
        drawn = []
        for seed in (3, 3, 4):
            randomness.rng.seed(seed)
            drawn.append([transform({"img": NOISE})["img"] for _ in range(8)])
        assert np.array_equal(drawn[0], drawn[1])
        assert not np.array_equal(drawn[0], drawn[2])
