"""Geometric transforms of photos: polygons stay on what they outline."""

import cv2
import numpy as np
import pytest

from spotter.data import randomness
from spotter.data.transforms import RandomAffineCrop, ResizeByLimit
from spotter.data.transforms.warping import mirror_vertices, warp_affine, warp_instances
from spotter.geometry import iou_matrix, is_clockwise, polygon_area


def box(x0, y0, x1, y1, ignore=False):
    polygon = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)
    return {"polygon": polygon, "text": "word", "ignore": ignore}


def photo_with(instance, height=240, width=400):
    """Black with the instance painted white."""
    image = np.zeros((height, width, 3), np.uint8)
    x0, y0 = instance["polygon"][0].astype(int)
    x1, y1 = instance["polygon"][2].astype(int)
    image[y0:y1, x0:x1] = 255
    return {"img": image, "img_shape": (height, width), "instances": [instance]}


@pytest.mark.parametrize(
    "transform",
    [
        ResizeByLimit(320),
        ResizeByLimit(300, "min"),
        RandomAffineCrop(320, scale_range=(0.6, 1.5), focus=1.0, rotate=15.0, min_visible=0.0),
    ],
)
def test_polygons_follow_the_pixels(transform):
    randomness.rng.seed(0)
    for _ in range(12):
        results = transform(photo_with(box(120, 60, 300, 130)))
        height, width = results["img"].shape[:2]
        assert results["img"].shape[0] >= results["img_shape"][0]
        # Painted pixels, found as a contour at pixel centres; half a pixel makes it a region.
        mask = (results["img"] == 255).all(axis=2).astype(np.uint8)
        (contour, *_), _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        (instance,) = results["instances"]
        painted = cv2.convexHull(contour)[:, 0].astype(np.float32) + 0.5
        centre = instance["polygon"].mean(axis=0)
        assert iou_matrix([instance["polygon"]], [painted])[0, 0] > 0.93
        np.testing.assert_allclose(painted.min(0), instance["polygon"].min(0), atol=2.0)
        np.testing.assert_allclose(painted.max(0), instance["polygon"].max(0), atol=2.0)
        assert is_clockwise(instance["polygon"])
        assert (centre >= 0).all()
        assert (centre <= (width, height)).all()


def test_mirror_vertices_of_a_curve():
    """Top side 0 1 2, bottom side 3 4 5: the mirrored top runs 2 1 0."""
    points = np.arange(6)[:, None] * np.ones(2)
    assert mirror_vertices(points)[:, 0].tolist() == [2, 1, 0, 5, 4, 3]


def test_warp_affine_is_exact_for_whole_shifts():
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    matrix = np.array([[1.0, 0, -4], [0, 1, -3]])
    np.testing.assert_array_equal(warp_affine(image, matrix, 26, 17), image[3:, 4:])
    # Twice the size: each pixel's centre (x + 0.5) goes to 2x + 1, the middle of four.
    double = warp_affine(image, np.array([[2.0, 0, 0], [0, 2, 0]]), 60, 40).astype(int)
    means = double.reshape(20, 2, 30, 2, 3).mean(axis=(1, 3))
    inner = np.pad(image.astype(int), ((1, 1), (1, 1), (0, 0)))
    smooth = sum(
        inner[1 + dy : 21 + dy, 1 + dx : 31 + dx] * (6 - 5 * abs(dy)) * (6 - 5 * abs(dx))
        for dy in (-1, 0, 1)
        for dx in (-1, 0, 1)
    )
    np.testing.assert_allclose(means[1:-1, 1:-1], smooth[1:-1, 1:-1] / 64, atol=1.0)


def test_cut_words_are_clipped_or_ignored():
    identity = np.array([[1.0, 0, 0], [0, 1, 0]])
    instances = [
        box(-20, 10, 80, 30),  # 80 % visible
        box(-60, 40, 40, 60),  # 40 %
        box(-50, 70, -1, 90),  # none
        box(10, 70, 40, 90, ignore=True),
    ]
    moved = warp_instances(instances, identity, 100, 100, min_visible=0.6)
    assert [item["ignore"] for item in moved] == [False, True, True]
    np.testing.assert_allclose([polygon_area(item["polygon"]) for item in moved], [1600, 800, 600])
    assert instances[1]["ignore"] is False
    assert warp_instances([], identity, 10, 10, 0.5) == []


def test_affine_crop_invariants():
    randomness.rng.seed(1)
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (300, 500, 3), np.uint8)
    corners = rng.uniform((0, 0), (440, 270), (15, 2))
    instances = [box(x, y, x + 50, y + 20, ignore=i % 4 == 0) for i, (x, y) in enumerate(corners)]
    transform = RandomAffineCrop(128, focus=1.0)
    for _ in range(40):
        results = transform({"img": image, "instances": instances})
        assert results["img"].shape == (128, 128, 3)
        assert results["img_shape"] == (128, 128)
        assert results["instances"], "a crop with focus holds a word"
        for instance in results["instances"]:
            assert instance["polygon"].min() >= -1e-4
            assert instance["polygon"].max() <= 128 + 1e-4
            assert is_clockwise(instance["polygon"])
            assert instance["polygon"].dtype == np.float32
    np.testing.assert_array_equal(instances[0]["polygon"][0], corners[0].astype(np.float32))


def test_affine_crop_is_seeded_and_stays_on_the_photo():
    image = np.full((400, 600, 3), 255, np.uint8)
    transform = RandomAffineCrop(128, scale_range=(1.0, 2.0), rotate=10.0)
    randomness.rng.seed(5)
    for _ in range(30):
        # Half a pixel of the photo's rim blends with the border, whose grey is 104 to 124.
        assert transform({"img": image, "instances": []})["img"].min() >= 175
    pictures = []
    noise = np.random.default_rng(0).integers(0, 256, (400, 600, 3), np.uint8)
    for seed in (7, 7, 8):
        randomness.rng.seed(seed)
        pictures.append(transform({"img": noise})["img"])
    assert (pictures[0] == pictures[1]).all()
    assert (pictures[0] != pictures[2]).any()


def test_resize_records_its_scale():
    results = ResizeByLimit(320)({**photo_with(box(120, 60, 300, 130)), "scale_factor": (2.0, 2.0)})
    assert results["img"].shape == (192, 320, 3)
    assert results["scale_factor"] == (1.6, 1.6)
    # 320 of 400 pixels: 120 and 60 become 96 and 48.
    np.testing.assert_allclose(results["instances"][0]["polygon"][0], [96, 48], atol=1e-4)


def test_affine_crop_mirrors_by_hand():
    """A crop as large as the photo, at scale 1: x becomes 200 - x."""
    crop = RandomAffineCrop(
        200, scale_range=(1, 1), aspect_range=(1, 1), rotate=0.0, flip=1.0, focus=0.0
    )
    results = crop(photo_with(box(120, 60, 180, 130), height=200, width=200))
    expected = [[20, 60], [80, 60], [80, 130], [20, 130]]
    np.testing.assert_allclose(results["instances"][0]["polygon"], expected, atol=1e-4)
