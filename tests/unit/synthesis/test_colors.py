import numpy as np
import pytest

from spotter.synthesis.colors import contrasting, lower_contrast, luma, paint


def test_luma_is_rec_601_of_bgr():
    assert luma(np.float32([0, 0, 100])) == pytest.approx(29.9, abs=1e-3)
    assert luma(np.float32([255, 255, 255])) == pytest.approx(255, abs=1e-3)


def test_paints_are_colours():
    rng = np.random.default_rng(0)
    colors = np.array([paint(rng) for _ in range(300)])
    assert colors.shape == (300, 3)
    assert colors.min() >= 0
    assert colors.max() <= 255
    assert colors.std(axis=0).min() > 40


@pytest.mark.parametrize("ground", [0, 90, 128, 200, 255])
def test_text_stands_out_from_its_ground(ground):
    rng = np.random.default_rng(1)
    base = np.full(3, ground, np.float32)
    for _ in range(100):
        assert abs(luma(contrasting(rng, base, 60.0)) - ground) >= 60


def test_fading_keeps_the_least_distance_and_the_direction():
    rng = np.random.default_rng(2)
    ground = np.full(3, 100, np.float32)
    for _ in range(100):
        faded = lower_contrast(rng, np.full(3, 200, np.float32), ground, 16.0)
        assert 116 - 1e-3 <= luma(faded) <= 100 + 0.65 * 100 + 1e-3
    close = np.full(3, 108, np.float32)
    np.testing.assert_allclose(lower_contrast(rng, close, ground, 16.0), close)
