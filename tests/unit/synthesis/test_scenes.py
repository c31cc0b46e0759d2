import cv2
import numpy as np
import pytest

from spotter.errors import ConfigError
from spotter.geometry import signed_area
from spotter.synthesis import scenes as module
from spotter.synthesis.scenes import SceneSynthesizer


@pytest.fixture(scope="module")
def scenes(fonts, source):
    return SceneSynthesizer(fonts, source, None, (320, 400), seed=3)


@pytest.fixture(scope="module")
def drawn(scenes):
    """Scenes and the ink that was laid in them."""
    inks = []
    original = module.degrade

    def spy(rng, image, text_height, haze):
        inks.append(scenes_ink["ink"])
        return original(rng, image, text_height, haze)

    scenes_ink = {}
    add_block = SceneSynthesizer._add_block

    def spy_block(self, rng, image, ink, view, calm):
        scenes_ink["ink"] = ink
        return add_block(self, rng, image, ink, view, calm)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "degrade", spy)
        patch.setattr(SceneSynthesizer, "_add_block", spy_block)
        samples = [scenes.sample(index) for index in range(8)]
    return list(zip(samples, inks, strict=True))


def filled(polygons, shape):
    mask = np.zeros(shape, np.uint8)
    for polygon in polygons:
        cv2.fillPoly(mask, [np.round(polygon * 16).astype(np.int32)], 255, shift=4)
    return mask


def test_scenes_hold_words(drawn):
    assert all(scene["img"].shape == (320, 400, 3) for scene, _ in drawn)
    words = [word for scene, _ in drawn for word in scene["instances"]]
    assert len(words) > 50
    assert 0.02 < np.mean([word["ignore"] for word in words]) < 0.7
    assert all((word["text"] is None) == word["ignore"] for word in words)
    assert not any(" " in word["text"] for word in words if word["text"])


def test_polygons_run_clockwise_inside_the_photo(drawn):
    for scene, _ in drawn:
        for word in scene["instances"]:
            polygon = word["polygon"]
            assert polygon.dtype == np.float32
            assert len(polygon) >= 4
            assert len(polygon) % 2 == 0
            assert (polygon >= 0).all()
            assert (polygon <= [400, 320]).all()
            if not word["ignore"]:
                assert signed_area(polygon) > 0


def test_all_ink_lies_in_word_polygons(drawn):
    for scene, ink in drawn:
        inside = filled([word["polygon"] for word in scene["instances"]], ink.shape)
        inside = cv2.dilate(inside, np.ones((5, 5), np.uint8))
        strong = ink > 128
        assert strong.any()
        assert (inside[strong] > 0).mean() > 0.995


def test_every_character_has_its_own_ink(drawn):
    for scene, ink in drawn:
        for word in scene["instances"]:
            if word["ignore"]:
                continue
            assert word["characters"].shape == (len(word["text"]), 4, 2)
            hull = cv2.dilate(filled([word["polygon"]], ink.shape), np.ones((5, 5), np.uint8))
            for quad in word["characters"]:
                x, y = quad.mean(axis=0).astype(int)
                assert hull[np.clip(y, 0, 319), np.clip(x, 0, 399)]
                area = cv2.dilate(filled([quad], ink.shape), np.ones((3, 3), np.uint8))
                assert ink[area > 0].max() > 60


def test_words_of_one_block_do_not_overlap(drawn):
    for scene, _ in drawn:
        total = np.zeros(scene["img"].shape[:2], np.int32)
        for word in scene["instances"]:
            if not word["ignore"]:
                total += filled([word["polygon"]], total.shape) > 0
        assert (total > 1).sum() < 0.05 * (total > 0).sum()


def test_a_scene_depends_on_seed_and_index_alone(scenes, drawn, fonts, source):
    again = SceneSynthesizer(fonts, source, None, (320, 400), seed=3).sample(5)
    first = drawn[5][0]
    np.testing.assert_array_equal(first["img"], again["img"])
    for one, two in zip(first["instances"], again["instances"], strict=True):
        np.testing.assert_array_equal(one["polygon"], two["polygon"])
        assert one["text"] == two["text"]


def test_the_camera_sees_the_middle_of_the_wall_in_the_middle():
    for seed in range(20):
        view = module._camera(np.random.default_rng(seed), (300, 500))
        middle = view @ np.array([250, 150, 1])
        np.testing.assert_allclose(middle[:2] / middle[2], [250, 150], atol=1e-6)


def test_calm_prefers_the_plain_half_and_refuses_what_is_taken():
    image = np.full((80, 160, 3), 100, np.float32)
    image[:, :80] += np.random.default_rng(0).normal(0, 60, (80, 80, 1)).astype(np.float32)
    calm = module._Calm(image)
    square = np.float32([[0, 0], [40, 0], [40, 40], [0, 40]])
    busy, plain = square + np.float32([20, 20]), square + np.float32([110, 20])
    assert calm.cost(plain) < 0.2 * calm.cost(busy)
    calm.occupy(plain)
    assert calm.cost(plain + 10) == float("inf")
    assert calm.cost(square - 30) == float("inf")


def test_tiny_scenes_are_refused(fonts, source):
    with pytest.raises(ConfigError, match="too small"):
        SceneSynthesizer(fonts, source, None, (640, 40))
